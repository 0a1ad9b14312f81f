package dev.hone.verify;

/**
 * Least squares whose unknowns stay above a floor and near what is believed beforehand: the ridge keeps apart what the
 * samples cannot tell apart. Solved by coordinate descent, which converges since the problem is strictly convex.
 */
final class LeastSquares {

    private static final int MOST_ROUNDS = 2000;
    private static final double PRECISION = 1e-10;

    private LeastSquares() {}

    /**
     * Minimises the sum over rows of (row · x − target)² plus ridge times the sum of (x − 1)².
     *
     * @param rows each with one figure per unknown
     * @param floor the least value of an unknown
     */
    static double[] nearOne(double[][] rows, double[] targets, double ridge, double floor) {
        int unknowns = rows.length == 0 ? 0 : rows[0].length;
        double[] x = new double[unknowns];
        java.util.Arrays.fill(x, 1);
        double[] residuals = new double[rows.length];
        for (int i = 0; i < rows.length; i++) {
            residuals[i] = targets[i];
            for (int j = 0; j < unknowns; j++) {
                residuals[i] -= rows[i][j];
            }
        }
        for (int round = 0; round < MOST_ROUNDS; round++) {
            double moved = 0;
            for (int j = 0; j < unknowns; j++) {
                double slope = ridge * (1 - x[j]);
                double curvature = ridge;
                for (int i = 0; i < rows.length; i++) {
                    slope += rows[i][j] * residuals[i];
                    curvature += rows[i][j] * rows[i][j];
                }
                double next = Math.max(floor, x[j] + slope / curvature);
                double step = next - x[j];
                x[j] = next;
                for (int i = 0; i < rows.length; i++) {
                    residuals[i] -= rows[i][j] * step;
                }
                moved = Math.max(moved, Math.abs(step));
            }
            if (moved < PRECISION) {
                break;
            }
        }
        return x;
    }
}
