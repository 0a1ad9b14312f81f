package dev.hone.measure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/**
 * How far the figures of a load would wander if it were run again, by the bootstrap: draw runs with replacement, in each
 * drawn run draw as many slices of time as it has with replacement, and take the figure of what was drawn; do it 1,000
 * times. The 2.5th and 97.5th percentile of these figures are the 95 % confidence interval (percentile bootstrap, Efron and
 * Tibshirani 1993, chapter 13).
 *
 * <p>Slices are drawn rather than requests because neighbouring requests are slow together: in a checkpoint, behind a
 * lock, in a collector's pause. Blocks of time keep that dependence (Carlstein 1986, "The use of subseries values";
 * Künsch 1989, for blocks that overlap). One run cannot show how much runs differ from each other, so that with one run the
 * interval is narrower than the truth; with several, drawing runs first shows it.
 *
 * <p>The generator's seed is fixed: the same result is always judged alike.
 */
final class Bootstrap {

    private static final int RESAMPLES = 1000;
    private static final long SEED = 20_260_101;
    private static final double[] PERCENTILES = {50, 95, 99};

    /** One slice: the indexes of the values that occurred in it, and how often. */
    private static final class Slice {
        private final int[] values;
        private final long[] counts;

        private Slice(int[] values, long[] counts) {
            this.values = values;
            this.counts = counts;
        }
    }

    private record Run(List<Slice> slices, double sliceSeconds) {}

    /** Figures of every resample, in the order of drawing; a percentile is NaN where nothing was drawn. */
    static final class Figures {
        private final double[][] percentiles;
        private final double[] perSecond;

        private Figures(double[][] percentiles, double[] perSecond) {
            this.percentiles = percentiles;
            this.perSecond = perSecond;
        }

        double[] of(Metric metric) {
            return switch (metric) {
                case P50 -> percentiles[0];
                case P95 -> percentiles[1];
                case P99 -> percentiles[2];
                case REQUESTS_PER_SECOND -> perSecond;
                case ERROR_SHARE, SEQUENTIAL_SCAN_SHARE, INDEX_USE_SHARE, STORAGE_OVERHEAD, P95_RATIO ->
                    throw new IllegalArgumentException(metric + " is not resampled");
            };
        }
    }

    private final List<Run> runs = new ArrayList<>();
    private final double[] millis;

    private Bootstrap(List<List<Histogram>> slicesOfRuns, List<Double> sliceSeconds) {
        TreeMap<Long, Integer> index = new TreeMap<>();
        for (List<Histogram> slices : slicesOfRuns) {
            for (Histogram slice : slices) {
                for (HistogramIterationValue value : slice.recordedValues()) {
                    index.put(value.getValueIteratedTo(), 0);
                }
            }
        }
        millis = new double[index.size()];
        int next = 0;
        for (var entry : index.entrySet()) {
            entry.setValue(next);
            millis[next] = entry.getKey() / 1000.0;
            next++;
        }
        for (int run = 0; run < slicesOfRuns.size(); run++) {
            List<Slice> slices = new ArrayList<>();
            for (Histogram histogram : slicesOfRuns.get(run)) {
                int[] values = new int[millis.length];
                long[] counts = new long[millis.length];
                int used = 0;
                for (HistogramIterationValue value : histogram.recordedValues()) {
                    values[used] = index.getOrDefault(value.getValueIteratedTo(), 0);
                    counts[used] = value.getCountAtValueIteratedTo();
                    used++;
                }
                slices.add(new Slice(Arrays.copyOf(values, used), Arrays.copyOf(counts, used)));
            }
            runs.add(new Run(slices, sliceSeconds.get(run)));
        }
    }

    /**
     * Resamples a request.
     *
     * @param slicesOfRuns per run, its slices of latencies in microseconds
     * @param sliceSeconds per run, the length of its slices
     */
    static Figures resample(List<List<Histogram>> slicesOfRuns, List<Double> sliceSeconds, long stream) {
        return new Bootstrap(slicesOfRuns, sliceSeconds).resample(new SplittableRandom(SEED + stream));
    }

    private Figures resample(SplittableRandom random) {
        double[][] percentiles = new double[PERCENTILES.length][RESAMPLES];
        double[] perSecond = new double[RESAMPLES];
        long[] counts = new long[millis.length];
        for (int resample = 0; resample < RESAMPLES; resample++) {
            Arrays.fill(counts, 0);
            double seconds = 0;
            for (int i = 0; i < runs.size(); i++) {
                Run run = runs.get(random.nextInt(runs.size()));
                for (int j = 0; j < run.slices.size(); j++) {
                    Slice slice = run.slices.get(random.nextInt(run.slices.size()));
                    for (int k = 0; k < slice.values.length; k++) {
                        counts[slice.values[k]] += slice.counts[k];
                    }
                }
                seconds += run.slices.size() * run.sliceSeconds;
            }
            long total = Arrays.stream(counts).sum();
            perSecond[resample] = total / seconds;
            for (int i = 0; i < PERCENTILES.length; i++) {
                percentiles[i][resample] = percentile(counts, total, PERCENTILES[i]);
            }
        }
        return new Figures(percentiles, perSecond);
    }

    private double percentile(long[] counts, long total, double percentile) {
        if (total == 0) {
            return Double.NaN;
        }
        long rank = Math.max(1, (long) Math.ceil(percentile / 100 * total));
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= rank) {
                return millis[i];
            }
        }
        return millis[millis.length - 1];
    }

    /** The middle 95 % of the figures, stretched where needed to hold the measured one. */
    static Interval interval(double[] figures, double measured) {
        double[] sorted =
                Arrays.stream(figures).filter(Double::isFinite).sorted().toArray();
        if (sorted.length == 0) {
            return Interval.exactly(measured);
        }
        double lower = sorted[(int) Math.floor(0.025 * (sorted.length - 1))];
        double upper = sorted[(int) Math.ceil(0.975 * (sorted.length - 1))];
        return new Interval(Math.min(lower, measured), Math.max(upper, measured));
    }
}
