package dev.hone.advise;

import dev.hone.advise.PlanReader.Bound;
import dev.hone.postgres.Sql;
import dev.hone.twin.Plan;
import dev.hone.twin.PlanException;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The calls of one query that stand for all of them, so that skewed data is planned as it will be run and not for an
 * average value that nobody asks for.
 *
 * @param calls the statements to plan; their mean cost is that of the query
 * @param source where the values come from
 */
record Variations(List<Call> calls, Source source) {

    /** Where the parameter values of a query come from. */
    enum Source {
        /** The statement has none. */
        NONE,
        /** Sampled calls. */
        SAMPLES,
        /** The statistics of the columns they are compared with. */
        STATISTICS,
        /** Nowhere: it is planned for any value. */
        GENERIC
    }

    /** A statement, with values for its placeholders where there are any. */
    record Call(String sql, List<@Nullable String> parameters) {

        Plan explain(Twin twin) {
            return parameters.isEmpty() ? twin.explain(sql) : twin.explain(sql, parameters);
        }
    }

    /** The most calls planned for a query: each multiplies the work. */
    static final int MOST = 5;

    /** What a range is taken to hold, as a share of the rows, when nothing is known of it; and what else it may hold. */
    private static final List<Double> BREADTHS = List.of(0.02, 0.001, 0.3);

    /** The usual draw is left only for one whose number of rows is nearer to the measured one by this factor. */
    private static final double NEARER = 3;

    // Quoted text and comments stand first, so that what looks like a placeholder in them is passed over.
    private static final Pattern PLACEHOLDER = Pattern.compile(
            "'(?:[^']|'')*+'|\"(?:[^\"]|\"\")*+\"|--[^\\n]*+|/\\*(?s:.*?)\\*/|(\\$[\\p{L}_]*\\$)(?s:.*?)\\1|\\$(\\d+)");
    private static final Pattern LIMIT =
            Pattern.compile("(?i)\\b(?:limit|fetch\\s+(?:first|next))\\s+\\(?\\s*\\$(\\d+)");
    private static final Pattern OFFSET = Pattern.compile("(?i)\\boffset\\s+\\(?\\s*\\$(\\d+)");

    /**
     * The calls of a query: the sampled ones, or with values drawn for its parameters. What the twin cannot plan is left
     * out; if that is all, the statement itself is planned for any value.
     */
    static Variations of(Workload.Query query, List<Bound> bounds, Twin twin) {
        if (!query.samples().isEmpty()) {
            List<Call> calls = spread(query.samples()).stream()
                    .map(sample -> new Call(query.sql(), sample))
                    .toList();
            return Trial.of(calls, twin)
                    .map(trial -> new Variations(trial.calls(), Source.SAMPLES))
                    .orElseGet(() -> generic(query));
        }
        if (placeholders(query.sql()).isEmpty()) {
            return new Variations(List.of(new Call(query.sql(), List.of())), Source.NONE);
        }
        Map<Integer, String> known = limits(query);
        Trial best = null;
        for (DrawnValues drawn : draws(query, bounds)) {
            Trial trial = Trial.of(calls(query, drawn, known), twin).orElse(null);
            if (trial == null) {
                continue;
            }
            Long rows = query.rows();
            if (best == null || (rows != null && trial.isNearer(best, rows / query.calls()))) {
                best = trial;
            }
        }
        if (best == null) {
            return generic(query);
        }
        boolean drawn =
                best.calls().size() > 1 || !best.calls().getFirst().sql().equals(substitute(query.sql(), known));
        return new Variations(best.calls(), drawn ? Source.STATISTICS : Source.GENERIC);
    }

    private static Variations generic(Workload.Query query) {
        return new Variations(List.of(new Call(query.sql(), List.of())), Source.GENERIC);
    }

    /** The ways to draw values, the usual one first; the others only where there is something to tell them by. */
    private static List<DrawnValues> draws(Workload.Query query, List<Bound> bounds) {
        List<DrawnValues> all = new ArrayList<>();
        if (query.rows() == null) {
            all.add(new DrawnValues(bounds, BREADTHS.getFirst(), false));
            return all;
        }
        for (boolean rare : new boolean[] {false, true}) {
            for (double breadth : BREADTHS) {
                all.add(new DrawnValues(bounds, breadth, rare));
            }
        }
        return all;
    }

    private static List<Call> calls(Workload.Query query, DrawnValues drawn, Map<Integer, String> known) {
        List<Call> calls = new ArrayList<>();
        for (int draw = 0; draw < MOST; draw++) {
            Map<Integer, String> values = new HashMap<>(known);
            for (Bound bound : drawn.bounds()) {
                drawn.value(bound, draw, MOST)
                        .ifPresent(value -> values.putIfAbsent(bound.number(), Sql.literal(value)));
            }
            Call call = new Call(substitute(query.sql(), values), List.of());
            if (!calls.contains(call)) {
                calls.add(call);
            }
        }
        return calls;
    }

    /**
     * Calls that can be planned.
     *
     * @param rows that they are expected to return, on average
     */
    private record Trial(List<Call> calls, double rows) {

        static Optional<Trial> of(List<Call> calls, Twin twin) {
            List<Call> fit = new ArrayList<>();
            double rows = 0;
            for (Call call : calls) {
                try {
                    rows += call.explain(twin).root().rows();
                    fit.add(call);
                } catch (PlanException e) {
                    // A drawn or sampled value does not fit where it stands.
                }
            }
            return fit.isEmpty() ? Optional.empty() : Optional.of(new Trial(List.copyOf(fit), rows / fit.size()));
        }

        boolean isNearer(Trial other, double measured) {
            return Math.log(NEARER) + distance(measured) < other.distance(measured);
        }

        private double distance(double measured) {
            return Math.abs(Math.log(Math.max(1, rows) / Math.max(1, measured)));
        }
    }

    /**
     * How many rows a call wants, where that is a parameter: as many as it got. The planner would assume a tenth of
     * all there are.
     */
    private static Map<Integer, String> limits(Workload.Query query) {
        Map<Integer, String> values = new HashMap<>();
        Long rows = query.rows();
        Matcher limit = LIMIT.matcher(query.sql());
        while (rows != null && query.calls() > 0 && limit.find()) {
            values.put(Integer.valueOf(limit.group(1)), Long.toString(Math.max(1, Math.round(rows / query.calls()))));
        }
        Matcher offset = OFFSET.matcher(query.sql());
        while (offset.find()) {
            values.put(Integer.valueOf(offset.group(1)), "0");
        }
        return values;
    }

    /** Replaces placeholders by values, and numbers those left anew: none may be missing between them. */
    static String substitute(String sql, Map<Integer, String> values) {
        Map<Integer, Integer> renumbered = new TreeMap<>();
        placeholders(sql).stream()
                .filter(number -> !values.containsKey(number))
                .distinct()
                .sorted()
                .forEach(number -> renumbered.put(number, renumbered.size() + 1));
        Matcher matcher = PLACEHOLDER.matcher(sql);
        return matcher.replaceAll(match -> {
            if (match.group(2) == null) {
                return Matcher.quoteReplacement(match.group());
            }
            int number = Integer.parseInt(match.group(2));
            String value = values.get(number);
            return Matcher.quoteReplacement(value != null ? value : "$" + renumbered.get(number));
        });
    }

    static List<Integer> placeholders(String sql) {
        return PLACEHOLDER
                .matcher(sql)
                .results()
                .filter(match -> match.group(2) != null)
                .map(match -> Integer.valueOf(match.group(2)))
                .toList();
    }

    private static List<List<@Nullable String>> spread(List<List<@Nullable String>> samples) {
        if (samples.size() <= MOST) {
            return samples;
        }
        return IntStream.range(0, MOST)
                .mapToObj(i -> samples.get(i * samples.size() / MOST))
                .toList();
    }
}
