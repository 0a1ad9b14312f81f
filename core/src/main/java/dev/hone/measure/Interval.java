package dev.hone.measure;

/** Where a figure lies with 95 % confidence, both ends included; one point for a figure that is exact. */
public record Interval(double lower, double upper) {

    public Interval {
        if (!(lower <= upper)) {
            throw new IllegalArgumentException("an interval from " + lower + " to " + upper);
        }
    }

    static Interval exactly(double value) {
        return new Interval(value, value);
    }
}
