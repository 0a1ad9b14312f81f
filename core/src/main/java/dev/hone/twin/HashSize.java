package dev.hone.twin;

import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * How many pages a hash index takes that is built afresh. Its buckets are laid out for the rows that the table is
 * believed to have, in the steps of hashpage.c; a bucket whose rows do not fit into its page goes on in others.
 */
final class HashSize {

    /** Line pointer, tuple header and hash code. */
    private static final int ITEM_BYTES = 20;

    private static final int ITEMS_PER_PAGE = 8_152 / ITEM_BYTES;
    private static final int LEAST_PER_BUCKET = 10;

    /** Up to so many doublings a doubling is one step, beyond it is four. */
    private static final int WHOLE_STEPS = 10;

    /** Overflow pages that one page of bits keeps account of. */
    private static final int BITS_PER_PAGE = 32_768;

    private static final int MOST_SIMULATED = 100_000;

    private HashSize() {}

    /**
     * The index.
     *
     * @param tableRows rows of the table, whether they are in the index or not
     * @param rows rows in the index
     * @param frequencies shares of the index's rows that the most common values have
     * @param distinct number of distinct values in all
     * @param fillFactor percent
     */
    static IndexSize of(double tableRows, double rows, List<Double> frequencies, double distinct, int fillFactor) {
        int perBucket = Math.max(LEAST_PER_BUCKET, RelationFile.PAGE_BYTES * fillFactor / 100 / ITEM_BYTES);
        long buckets = buckets(tableRows / perBucket);
        long overflow = overflow(buckets, rows, frequencies, distinct);
        return new IndexSize.Plain(1 + buckets + 1 + overflow + overflow / BITS_PER_PAGE);
    }

    /** The number of buckets laid out for so many wanted. */
    static long buckets(double wanted) {
        if (wanted <= 2) {
            return 2;
        }
        long count = (long) Math.min(wanted, 0x4000_0000);
        int doublings = 64 - Long.numberOfLeadingZeros(count - 1);
        if (doublings < WHOLE_STEPS) {
            return 1L << doublings;
        }
        long half = 1L << (doublings - 1);
        long quarter = half / 4;
        return half + quarter * Math.ceilDiv(count - half, quarter);
    }

    private static long overflow(long buckets, double rows, List<Double> frequencies, double distinct) {
        RandomGenerator random = new SplittableRandom(1);
        long half = Long.highestOneBit(buckets);
        boolean even = half == buckets;
        // Where the last doubling is not complete, the buckets not yet split hold twice as much as the others.
        long split = even ? buckets : 2 * (buckets - half);
        double share = even ? 1.0 / buckets : 1.0 / (2 * half);
        int simulated = (int) Math.min(buckets, MOST_SIMULATED);
        double scale = buckets / (double) simulated;
        double common = 0;
        double[] common1 = new double[simulated];
        long pages = 0;
        for (double frequency : frequencies) {
            common += frequency;
            if (scale > 1) {
                pages += (long) (frequency * rows / ITEMS_PER_PAGE);
            } else {
                common1[random.nextInt(simulated)] += frequency * rows;
            }
        }
        double otherRows = Math.max(0, 1 - common) * rows;
        double otherValues = Math.max(1, distinct - frequencies.size());
        double perValue = Math.max(1, otherRows / otherValues);
        double sum = 0;
        for (int i = 0; i < simulated; i++) {
            double weight = random.nextDouble() * buckets < split ? share : 2 * share;
            double values = poisson(random, otherRows / perValue * weight);
            double held = common1[i] + (perValue <= 1 ? values : poisson(random, values * perValue));
            sum += Math.max(0, Math.ceil(held / ITEMS_PER_PAGE) - 1);
        }
        return pages + Math.round(sum * scale);
    }

    private static double poisson(RandomGenerator random, double rate) {
        if (rate > 50) {
            return Math.max(0, Math.rint(random.nextGaussian(rate, Math.sqrt(rate))));
        }
        double limit = Math.exp(-rate);
        int count = 0;
        for (double product = random.nextDouble(); product > limit; product *= random.nextDouble()) {
            count++;
        }
        return count;
    }
}
