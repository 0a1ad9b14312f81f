package dev.hone.verify;

import dev.hone.advise.TimeModel;
import java.util.ArrayList;
import java.util.List;

/** Spearman's rank correlation of what plans are thought to be worth and what they took. */
final class RankCorrelation {

    private RankCorrelation() {}

    /** Of the planner's costs. */
    static double ofCosts(List<List<PlanTimes.Measured>> byQuery) {
        List<double[]> points = new ArrayList<>();
        byQuery.forEach(plans ->
                plans.forEach(one -> points.add(new double[] {one.plan().totalCost(), one.millis()})));
        return spearman(points);
    }

    /** Of a learned model, each query's plans being judged by what the other queries teach. */
    static double ofOthers(List<List<PlanTimes.Measured>> byQuery) {
        List<double[]> points = new ArrayList<>();
        for (int i = 0; i < byQuery.size(); i++) {
            List<PlanTimes.Measured> others = new ArrayList<>();
            for (int j = 0; j < byQuery.size(); j++) {
                if (j != i) {
                    others.addAll(byQuery.get(j));
                }
            }
            TimeModel model = OperatorModel.fit(others);
            byQuery.get(i).forEach(one -> points.add(new double[] {model.of(one.plan()), one.millis()}));
        }
        return spearman(points);
    }

    static double spearman(List<double[]> points) {
        double[] one = ranks(points.stream().mapToDouble(point -> point[0]).toArray());
        double[] other = ranks(points.stream().mapToDouble(point -> point[1]).toArray());
        double middle = (points.size() + 1) / 2.0;
        double both = 0;
        double first = 0;
        double second = 0;
        for (int i = 0; i < one.length; i++) {
            both += (one[i] - middle) * (other[i] - middle);
            first += (one[i] - middle) * (one[i] - middle);
            second += (other[i] - middle) * (other[i] - middle);
        }
        return first > 0 && second > 0 ? both / Math.sqrt(first * second) : 0;
    }

    /** Ranks from 1 on; equal values share the middle of theirs. */
    private static double[] ranks(double[] values) {
        double[] ranks = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            double rank = 1;
            for (int j = 0; j < values.length; j++) {
                if (values[j] < values[i]) {
                    rank++;
                } else if (j != i && values[j] == values[i]) {
                    rank += 0.5;
                }
            }
            ranks[i] = rank;
        }
        return ranks;
    }
}
