package dev.hone.advise;

/**
 * What building a recommendation did to one query, by paired runs of it without and with the recommendation. Ratios are
 * what it takes after, divided by what it took before: 0.5 is twice as fast, 2 is half as fast.
 *
 * @param query id of the query in the workload
 * @param estimatedRatio of the planner's cost
 * @param measuredRatio of the measured time
 * @param lower where the measured ratio lies with 95 % confidence: at least
 * @param upper and at most
 */
public record Measured(String query, double estimatedRatio, double measuredRatio, double lower, double upper) {

    public Measured {
        if (!(lower <= measuredRatio && measuredRatio <= upper && lower >= 0)) {
            throw new IllegalArgumentException(
                    "query " + query + ": " + measuredRatio + " is not between " + lower + " and " + upper);
        }
    }

    /** True if it is faster beyond the noise. */
    public boolean faster() {
        return upper < 1;
    }

    /** True if it is slower beyond the noise. */
    public boolean slower() {
        return lower > 1;
    }
}
