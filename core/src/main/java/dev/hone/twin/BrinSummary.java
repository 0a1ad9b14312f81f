package dev.hone.twin;

/**
 * What a block range index keeps of one column in each summary, as the operator class has it.
 *
 * @param bytes of all stored values together
 */
record BrinSummary(int bytes) {

    /** The default of bloom's n_distinct_per_range, as a share of the rows that a range may have at most. */
    private static final double BLOOM_DISTINCT = 0.1;

    private static final double BLOOM_FALSE_POSITIVES = 0.01;
    private static final int BLOOM_HEADER_BYTES = 16;
    private static final int MOST_ROWS_PER_PAGE = 291;
    private static final int FEWEST_BLOOM_VALUES = 16;

    /** The default of minmax_multi's values_per_range, and the header of its list. */
    private static final int MULTI_VALUES = 32;

    private static final int MULTI_HEADER_BYTES = 20;

    static BrinSummary of(String operatorClass, int width, int rangePages) {
        if (operatorClass.endsWith("_bloom_ops")) {
            double values = Math.max(FEWEST_BLOOM_VALUES, BLOOM_DISTINCT * MOST_ROWS_PER_PAGE * (double) rangePages);
            double bits = Math.ceil(-values * Math.log(BLOOM_FALSE_POSITIVES) / (Math.log(2) * Math.log(2)));
            return new BrinSummary(BLOOM_HEADER_BYTES + (int) Math.ceil(bits / 8));
        }
        if (operatorClass.endsWith("_minmax_multi_ops")) {
            return new BrinSummary(MULTI_HEADER_BYTES + MULTI_VALUES * width);
        }
        // Inclusion keeps a union and two flags.
        return new BrinSummary(operatorClass.endsWith("_inclusion_ops") ? width + 2 : 2 * width);
    }
}
