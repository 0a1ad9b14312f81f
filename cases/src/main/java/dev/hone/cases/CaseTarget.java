package dev.hone.cases;

/**
 * What must hold of one metric.
 *
 * @param metric its name, which carries the unit: {@code p95_ms}, {@code requests_per_second}; shares are fractions of 1
 * @param bound whether the limit is the most or the least allowed
 * @param limit in the metric's unit
 */
public record CaseTarget(String metric, Bound bound, double limit) {

    /** Which side of the limit is good. */
    public enum Bound {
        AT_MOST,
        AT_LEAST
    }

    public CaseTarget {
        if (metric.isBlank() || !Double.isFinite(limit) || limit < 0) {
            throw new IllegalArgumentException(
                    "a target needs a metric and a limit from 0 up: " + metric + " " + limit);
        }
    }

    public static CaseTarget atMost(String metric, double limit) {
        return new CaseTarget(metric, Bound.AT_MOST, limit);
    }

    public static CaseTarget atLeast(String metric, double limit) {
        return new CaseTarget(metric, Bound.AT_LEAST, limit);
    }
}
