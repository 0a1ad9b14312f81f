package dev.hone.measure;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/**
 * Latencies of requests, in microseconds, kept apart by the slice of time in which the request began: enough to tell
 * afterwards how much a percentile wanders. Safe for use by several threads.
 */
final class Slices {

    /** Three significant digits: a latency of 1.234 ms is kept as 1.234 ms, one of 1.2345 s as 1.234 or 1.235 s. */
    private static final int DIGITS = 3;

    private static final int MOST_SLICES = 60;
    private static final long SHORTEST_NANOS = 100_000_000;

    private final Histogram[][] ofSlice;

    Slices(int slices, int requests) {
        ofSlice = new Histogram[slices][requests];
        for (Histogram[] histograms : ofSlice) {
            for (int i = 0; i < requests; i++) {
                histograms[i] = empty();
            }
        }
    }

    /** How many slices a duration is cut into: 60, unless they would be shorter than a tenth of a second. */
    static int count(Duration duration) {
        return Math.clamp(duration.toNanos() / SHORTEST_NANOS, 1, MOST_SLICES);
    }

    static Histogram empty() {
        Histogram histogram = new Histogram(DIGITS);
        histogram.setAutoResize(true);
        return histogram;
    }

    /** Adds one client's latencies of one slice, and empties what it hands over. */
    synchronized void add(int slice, Histogram[] byRequest) {
        for (int i = 0; i < byRequest.length; i++) {
            if (byRequest[i].getTotalCount() > 0) {
                ofSlice[slice][i].add(byRequest[i]);
                byRequest[i].reset();
            }
        }
    }

    /** The slices of one request, in order. */
    synchronized List<Histogram> of(int request) {
        List<Histogram> result = new ArrayList<>();
        for (Histogram[] histograms : ofSlice) {
            result.add(histograms[request]);
        }
        return result;
    }

    /** HdrHistogram's compressed form in Base64, as its logs have it; empty for an empty histogram. */
    static String encode(Histogram histogram) {
        if (histogram.getTotalCount() == 0) {
            return "";
        }
        ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        int length = histogram.encodeIntoCompressedByteBuffer(buffer);
        byte[] bytes = new byte[length];
        buffer.flip().get(bytes);
        return Base64.getEncoder().encodeToString(bytes);
    }

    /**
     * Reads what {@link #encode} wrote.
     *
     * @throws IllegalArgumentException if it is something else
     */
    static Histogram decode(String text) {
        if (text.isEmpty()) {
            return empty();
        }
        try {
            return Histogram.decodeFromCompressedByteBuffer(
                    ByteBuffer.wrap(Base64.getDecoder().decode(text)), 0);
        } catch (DataFormatException | ArrayIndexOutOfBoundsException e) {
            throw new IllegalArgumentException("not an HdrHistogram", e);
        }
    }
}
