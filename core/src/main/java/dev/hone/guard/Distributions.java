package dev.hone.guard;

/** Exact tails of the two distributions that the guard decides by. */
final class Distributions {

    private static final double TINY = 1e-300;

    private Distributions() {}

    /**
     * The chance of at least so many of so many tries, each with a chance of its own.
     *
     * @param least from 0 to {@code tries}
     */
    static double binomialTail(long least, long tries, double chance) {
        return least <= 0 ? 1 : beta(chance, (double) least, tries - least + 1.0);
    }

    /** The t that Student's variable exceeds with the given chance, at most a half, on one side. */
    static double student(double chance, double degrees) {
        double low = 0;
        double high = 1;
        while (tail(high, degrees) > chance) {
            high *= 2;
        }
        for (int i = 0; i < 100 && high - low > 1e-9 * high; i++) {
            double middle = (low + high) / 2;
            if (tail(middle, degrees) > chance) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }

    private static double tail(double t, double degrees) {
        return beta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
    }

    /** The regularised incomplete beta function I_x(a, b), by Lentz's continued fraction (DLMF 8.17.22). */
    static double beta(double x, double a, double b) {
        if (x <= 0) {
            return 0;
        }
        if (x >= 1) {
            return 1;
        }
        if (x > (a + 1) / (a + b + 2)) {
            return 1 - beta(1 - x, b, a);
        }
        double front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
        double c = 1;
        double d = 1 / nonZero(1 - (a + b) * x / (a + 1));
        double fraction = d;
        for (int m = 1; m < 10_000; m++) {
            double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 / nonZero(1 + even * d);
            c = nonZero(1 + even / c);
            fraction *= c * d;
            double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 / nonZero(1 + odd * d);
            c = nonZero(1 + odd / c);
            fraction *= c * d;
            if (Math.abs(c * d - 1) < 1e-13) {
                break;
            }
        }
        return front * fraction;
    }

    private static double nonZero(double value) {
        return Math.abs(value) < TINY ? TINY : value;
    }

    /** Stirling's series (DLMF 5.11.1), after the argument was raised to where it is exact to twelve digits. */
    static double logGamma(double x) {
        double shift = 0;
        double at = x;
        while (at < 10) {
            shift -= Math.log(at);
            at++;
        }
        double square = 1 / (at * at);
        return shift
                + (at - 0.5) * Math.log(at)
                - at
                + 0.5 * Math.log(2 * Math.PI)
                + (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square / 1680))) / at;
    }
}
