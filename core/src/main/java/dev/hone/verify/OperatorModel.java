package dev.hone.verify;

import dev.hone.advise.TimeModel;
import dev.hone.twin.Plan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Plan cost corrected for how long each kind of operator really takes on a machine, learned from measured plans. A plan's
 * cost is shared out among its nodes; the share of each kind is multiplied by that kind's factor.
 *
 * @param factors by kind of node; what is not in it counts as the planner says
 * @param plans how many measured plans it was learned from
 */
public record OperatorModel(Map<String, Double> factors, int plans) implements TimeModel {

    /** How strongly a factor is held at 1: as much as two plans would hold it. */
    private static final double RIDGE = 0.5;

    private static final double LEAST_FACTOR = 0.02;
    private static final int LEAST_PLANS = 4;

    public OperatorModel {
        factors = Map.copyOf(factors);
    }

    @Override
    public double of(Plan plan) {
        double sum = 0;
        for (Map.Entry<String, Double> share : shares(plan).entrySet()) {
            sum += share.getValue() * factors.getOrDefault(share.getKey(), 1.0);
        }
        return sum;
    }

    /** Learns the factors; the planner's own costs if there is too little to learn from. */
    static TimeModel fit(List<PlanTimes.Measured> measured) {
        List<PlanTimes.Measured> some = measured.stream()
                .filter(one -> one.millis() > 0 && one.plan().totalCost() > 0)
                .toList();
        if (some.size() < LEAST_PLANS) {
            return PLANNER;
        }
        double logs = 0;
        TreeSet<String> kinds = new TreeSet<>();
        List<Map<String, Double>> shares = new ArrayList<>();
        for (PlanTimes.Measured one : some) {
            logs += Math.log(one.millis() / one.plan().totalCost());
            Map<String, Double> share = shares(one.plan());
            shares.add(share);
            kinds.addAll(share.keySet());
        }
        double millisPerUnit = Math.exp(logs / some.size());
        List<String> names = List.copyOf(kinds);
        double[][] rows = new double[some.size()][names.size()];
        double[] targets = new double[some.size()];
        for (int i = 0; i < some.size(); i++) {
            // Relative errors count, or the heaviest query alone would be fitted.
            double scale = 1 / some.get(i).millis();
            for (int j = 0; j < names.size(); j++) {
                rows[i][j] = shares.get(i).getOrDefault(names.get(j), 0.0) * millisPerUnit * scale;
            }
            targets[i] = 1;
        }
        double[] found = LeastSquares.nearOne(rows, targets, RIDGE, LEAST_FACTOR);
        Map<String, Double> factors = new TreeMap<>();
        for (int j = 0; j < names.size(); j++) {
            factors.put(names.get(j), found[j]);
        }
        return new OperatorModel(factors, some.size());
    }

    /** Which part of a plan's cost each kind of node has. */
    static Map<String, Double> shares(Plan plan) {
        Map<String, Double> shares = new HashMap<>();
        share(plan.root(), plan.totalCost(), false, false, shares);
        return shares;
    }

    private static void share(
            Plan.Node node, double cost, boolean repeated, boolean parallel, Map<String, Double> shares) {
        boolean workers = parallel || node.type().startsWith("Gather");
        double[] parts = new double[node.children().size()];
        double sum = 0;
        for (int i = 0; i < parts.length; i++) {
            Plan.Node child = node.children().get(i);
            parts[i] = child.totalCost()
                    * (isRepeated(node, i)
                            ? Math.max(1, node.children().getFirst().rows())
                            : 1);
            sum += parts[i];
        }
        // A LIMIT stops early, and a repeated scan may be cheaper than the first: then no more is shared out than there
        // is.
        double scale = sum > cost && sum > 0 ? cost / sum : 1;
        double own = Math.max(0, cost - sum * scale);
        shares.merge(kind(node, repeated, parallel), own, Double::sum);
        for (int i = 0; i < parts.length; i++) {
            share(node.children().get(i), parts[i] * scale, repeated || isRepeated(node, i), workers, shares);
        }
    }

    private static boolean isRepeated(Plan.Node node, int child) {
        return node.type().equals("Nested Loop") && child == 1;
    }

    private static String kind(Plan.Node node, boolean repeated, boolean parallel) {
        Object strategy = node.attributes().get("Strategy");
        return (parallel ? "parallel " : "")
                + node.type()
                + (strategy == null ? "" : " " + strategy)
                + (repeated ? ", repeated" : "");
    }
}
