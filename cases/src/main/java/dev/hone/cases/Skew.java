package dev.hone.cases;

import java.util.SplittableRandom;

/**
 * Draws ranks from 0 up, low ones most often: the continuous form of the Zipf–Mandelbrot law, by inversion of its
 * cumulative distribution. Immutable; the same random numbers give the same ranks on every machine.
 */
public final class Skew {

    private final int count;
    private final double offset;
    private final double inverse;
    private final double low;
    private final double width;

    /**
     * @param count number of ranks; positive
     * @param exponent from 0, where all ranks are alike, to below 1
     * @param offset flattens the head: how many ranks share the top; 1 or more
     */
    public Skew(int count, double exponent, double offset) {
        if (count < 1 || exponent < 0 || exponent >= 1 || offset < 1) {
            throw new IllegalArgumentException("no skew of " + count + ", " + exponent + ", " + offset);
        }
        this.count = count;
        this.offset = offset;
        this.inverse = 1 / (1 - exponent);
        // Math.pow may differ in the last digit from one processor to the next.
        this.low = StrictMath.pow(offset, 1 - exponent);
        this.width = StrictMath.pow(count + offset, 1 - exponent) - low;
    }

    /** The next rank, from 0 to below the count. */
    public int next(SplittableRandom random) {
        double rank = StrictMath.pow(low + random.nextDouble() * width, inverse) - offset;
        return Math.min(count - 1, Math.max(0, (int) rank));
    }
}
