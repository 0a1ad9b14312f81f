package dev.hone.advise;

import dev.hone.advise.PlanReader.Bound;
import dev.hone.postgres.Sql;
import dev.hone.twin.Plan;
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

    /** Moves the draws of one parameter against those of the next: the golden ratio spreads them most evenly. */
    private static final double SHIFT = 0.6180339887;

    // Quoted text and comments stand first, so that what looks like a placeholder in them is passed over.
    private static final Pattern PLACEHOLDER = Pattern.compile(
            "'(?:[^']|'')*+'|\"(?:[^\"]|\"\")*+\"|--[^\\n]*+|/\\*(?s:.*?)\\*/|(\\$[\\p{L}_]*\\$)(?s:.*?)\\1|\\$(\\d+)");
    private static final Pattern LIMIT =
            Pattern.compile("(?i)\\b(?:limit|fetch\\s+(?:first|next))\\s+\\(?\\s*\\$(\\d+)");
    private static final Pattern OFFSET = Pattern.compile("(?i)\\boffset\\s+\\(?\\s*\\$(\\d+)");

    static Variations of(Workload.Query query, List<Bound> bounds) {
        if (!query.samples().isEmpty()) {
            return new Variations(
                    spread(query.samples()).stream()
                            .map(sample -> new Call(query.sql(), sample))
                            .toList(),
                    Source.SAMPLES);
        }
        if (placeholders(query.sql()).isEmpty()) {
            return new Variations(List.of(new Call(query.sql(), List.of())), Source.NONE);
        }
        Map<Integer, String> known = limits(query);
        List<Call> calls = new ArrayList<>();
        for (int draw = 0; draw < MOST; draw++) {
            Map<Integer, String> values = new HashMap<>(known);
            for (Bound bound : bounds) {
                draw(bound, draw).ifPresent(value -> values.putIfAbsent(bound.number(), literal(value)));
            }
            Call call = new Call(substitute(query.sql(), values), List.of());
            if (!calls.contains(call)) {
                calls.add(call);
            }
        }
        boolean drawn = calls.size() > 1 || !calls.getFirst().sql().equals(substitute(query.sql(), known));
        return new Variations(calls, drawn ? Source.STATISTICS : Source.GENERIC);
    }

    private static Optional<String> draw(Bound bound, int draw) {
        var known = bound.table().statistics().get(bound.column());
        if (known == null) {
            return Optional.empty();
        }
        double quantile = ((draw + 0.5) / MOST + bound.number() * SHIFT) % 1;
        return ValueDistribution.of(known).at(quantile);
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

    private static String literal(String value) {
        return Sql.literal(value);
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
