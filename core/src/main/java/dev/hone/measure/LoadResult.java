package dev.hone.measure;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.hone.HoneException;
import dev.hone.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import tools.jackson.core.JacksonException;

/**
 * What a load run measured, with what a reader needs to trust it. Saved as one JSON file, which {@code hone compare}
 * reads.
 *
 * @param format version of the file format
 * @param script name of the script
 * @param startedAt when measuring began, after the warm-up
 * @param warmUpSeconds load before that, not counted
 * @param seconds how long was measured
 * @param sliceSeconds length of the slices of time in which latencies are kept apart
 * @param requests in the script's order
 * @param total over all requests
 * @param database what the server counted from before the warm-up to the end
 * @param serverVersion as the server says it
 * @param settings server settings that matter to speed
 * @param client what the measuring itself took
 * @param warnings what makes the figures doubtful, for people; empty if nothing does
 */
public record LoadResult(
        int format,
        String script,
        Instant startedAt,
        int connections,
        long seed,
        boolean writesAllowed,
        double warmUpSeconds,
        double seconds,
        double sliceSeconds,
        List<Request> requests,
        Request total,
        Counters database,
        String serverVersion,
        SortedMap<String, String> settings,
        Client client,
        List<String> warnings) {

    public static final int FORMAT = 1;

    public LoadResult {
        requests = List.copyOf(requests);
        settings = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(settings));
        warnings = List.copyOf(warnings);
    }

    /**
     * One request of the script, or all together.
     *
     * @param count how many began in the measured time and were answered without an error
     * @param errors how many failed, by SQLSTATE
     * @param perSecond answered without an error, per second
     * @param latency of those answered without an error
     * @param slices the latencies in microseconds, slice by slice in the order of time: HdrHistogram's compressed form in
     *     Base64, empty where there was none; empty for the total, which is the sum of the requests
     */
    public record Request(
            String name,
            long count,
            SortedMap<String, Failure> errors,
            double perSecond,
            Latency latency,
            List<String> slices) {

        public Request {
            errors = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(errors));
            slices = List.copyOf(slices);
        }

        @JsonIgnore
        public long errorCount() {
            return errors.values().stream().mapToLong(Failure::count).sum();
        }

        /** Failed requests as a share of all, from 0 to 1. */
        @JsonIgnore
        public double errorShare() {
            long all = count + errorCount();
            return all == 0 ? 0 : (double) errorCount() / all;
        }
    }

    /**
     * Failures of one SQLSTATE.
     *
     * @param example the message of the first
     */
    public record Failure(long count, String example) {}

    /** Latencies in milliseconds; all 0 if there was no request. */
    public record Latency(double mean, double min, double p50, double p95, double p99, double max) {

        static Latency of(Histogram micros) {
            if (micros.getTotalCount() == 0) {
                return new Latency(0, 0, 0, 0, 0, 0);
            }
            return new Latency(
                    micros.getMean() / 1000,
                    micros.getMinValue() / 1000.0,
                    micros.getValueAtPercentile(50) / 1000.0,
                    micros.getValueAtPercentile(95) / 1000.0,
                    micros.getValueAtPercentile(99) / 1000.0,
                    micros.getMaxValue() / 1000.0);
        }
    }

    /**
     * What the measuring took on the client's side.
     *
     * @param cpuSeconds processor time of this process while it measured
     * @param cores processors it could use
     */
    public record Client(double cpuSeconds, int cores) {}

    /** The latencies of one request in microseconds, slice by slice. */
    List<Histogram> slicesOf(Request request) {
        return request.slices().stream().map(Slices::decode).toList();
    }

    /** The latencies of all requests in microseconds, slice by slice. */
    List<Histogram> slicesOfTotal() {
        List<Histogram> sum = new ArrayList<>();
        for (Request request : requests) {
            for (int i = 0; i < request.slices().size(); i++) {
                if (sum.size() <= i) {
                    sum.add(Slices.empty());
                }
                sum.get(i).add(Slices.decode(request.slices().get(i)));
            }
        }
        return sum;
    }

    /** Requests answered per second, slice by slice. */
    public List<Double> perSecondSeries() {
        return slicesOfTotal().stream()
                .map(slice -> slice.getTotalCount() / sliceSeconds)
                .toList();
    }

    /**
     * Writes it to a file.
     *
     * @throws HoneException of kind {@code FAILED} if that is not possible
     */
    public void save(Path file) {
        try {
            Files.writeString(file, Json.pretty(this));
        } catch (IOException e) {
            throw HoneException.failed(
                    "Cannot write the result to " + file + ": " + e.getMessage(),
                    "The load itself ran to its end. Choose another file and run it again.",
                    e);
        }
    }

    /**
     * Reads it from a file.
     *
     * @throws HoneException of kind {@code USAGE} if the file cannot be read, or holds something else
     */
    public static LoadResult load(Path file) {
        try {
            Map<?, ?> outline = Json.read(Files.readString(file), Map.class);
            if (!outline.containsKey("sliceSeconds") || !(outline.get("format") instanceof Integer format)) {
                throw notAResult(file);
            }
            if (format != FORMAT) {
                throw HoneException.usage(
                        file + " has format " + format + "; this Hone reads format " + FORMAT,
                        "Nothing was changed. Use the Hone that wrote it, or measure again.");
            }
            return Json.MAPPER.convertValue(outline, LoadResult.class);
        } catch (IOException e) {
            throw HoneException.usage(
                    "Cannot read " + file + ": " + e, "Nothing was changed. Check the path of the result.");
        } catch (JacksonException e) {
            throw notAResult(file);
        }
    }

    private static HoneException notAResult(Path file) {
        return HoneException.usage(
                file + " is not a result of hone bench", "Nothing was changed. Write one with hone bench --out FILE.");
    }
}
