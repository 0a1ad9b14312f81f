package dev.hone.twin;

import dev.hone.twin.GinSize.Keys;
import dev.hone.twin.Samples.Row;
import dev.hone.twin.Samples.Sample;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which keys a column of an inverted index has, and in how many rows each. What statistics know of elements is taken
 * from there; else the keys of sample values are counted, and those never seen are estimated from how many were seen but
 * once (Haas and Stokes' Duj1, as ANALYZE estimates distinct values).
 */
final class GinKeys {

    /** Fewer words than these make no kind of their own. */
    private static final int FEWEST_OF_KIND = 4;

    /**
     * What statistics say of the elements of a column.
     *
     * @param texts the most common elements
     * @param widths stored width of each of them in bytes
     * @param frequencies share of the rows, NULL aside, that have each of them
     * @param rarest share below which an element was not recorded
     * @param perRow distinct elements of a row on average; 0 where unknown
     */
    record Elements(Set<String> texts, List<Integer> widths, List<Double> frequencies, double rarest, double perRow) {}

    /** A key met in the sample. */
    private static final class Met {
        private double weight;
        private int drawn;
        private final double width;

        private Met(double width) {
            this.width = width;
        }
    }

    private final Session superuser;
    private final Session owner;

    GinKeys(Session superuser, Session owner) {
        this.superuser = superuser;
        this.owner = owner;
    }

    /**
     * The keys.
     *
     * @param operatorClass of the index's column
     * @param keyBytes length of a key of fixed length; 0 for variable length
     * @param sample of the indexed expression
     * @param elements what statistics know besides
     * @param nulls share of rows without a value
     * @param width mean width of a value in bytes
     * @param rows rows in the index
     */
    List<Keys> of(
            String operatorClass,
            int keyBytes,
            Optional<Sample> sample,
            Optional<Elements> elements,
            double nulls,
            double width,
            double rows)
            throws SQLException {
        List<Keys> keys = new ArrayList<>();
        double present = Math.max(1, rows * (1 - nulls));
        List<Group> groups = sample.isPresent() ? groups(operatorClass, keyBytes, sample.get()) : List.of();
        if (elements.isPresent()) {
            keys.addAll(known(elements.get(), groups, keyBytes, width, present));
        } else if (!groups.isEmpty()) {
            for (Group group : groups) {
                keys.addAll(group.keys(rows));
            }
        } else {
            keys.addAll(guessed(operatorClass, keyBytes, width, present));
        }
        if (nulls * rows >= 1) {
            keys.add(new Keys(1, nulls * rows, 8));
        }
        return keys;
    }

    /** Elements from statistics; those too rare for them share what is left. */
    private static List<Keys> known(Elements elements, List<Group> groups, int keyBytes, double width, double present) {
        List<Keys> keys = new ArrayList<>();
        double covered = 0;
        double meanBytes = 0;
        for (int i = 0; i < elements.frequencies().size(); i++) {
            double frequency = elements.frequencies().get(i);
            keys.add(new Keys(
                    1, Math.max(1, frequency * present), elements.widths().get(i)));
            covered += frequency;
            meanBytes +=
                    elements.widths().get(i) / (double) elements.frequencies().size();
        }
        double ofSample = groups.stream().mapToDouble(Group::perRow).sum();
        double perRow = elements.perRow() > 0
                ? elements.perRow()
                : ofSample > 0 ? ofSample : Math.max(covered, lexemes(width, meanBytes));
        double rest = (perRow - covered) * present;
        if (rest >= 1 && rest > 0.005 * perRow * present) {
            double rarest = Math.max(elements.rarest(), 1 / present);
            double least = Math.min(rest, Math.max(1, rest / (rarest * present)));
            double distinct = groups.stream()
                    .mapToDouble(group -> group.without(elements.texts()).distinct(present))
                    .sum();
            // As many as the sample promises; without one, as if each were half as frequent as the rarest known.
            double count = Math.clamp(distinct > 0 ? distinct : 2 * least, least, rest);
            keys.add(new Keys(count, rest / count, keyBytes > 0 ? keyBytes : Math.max(2, meanBytes)));
        }
        return keys;
    }

    /** Words of a document: each takes an entry of four bytes, its text, and two bytes for the count and each position. */
    private static double lexemes(double width, double meanBytes) {
        return Math.max(1, (width - 8) / (4 + Math.max(2, meanBytes - 1) + 0.5 + 2 + 2.4));
    }

    /** Without any sample: a few rules of thumb. */
    private static List<Keys> guessed(String operatorClass, int keyBytes, double width, double present) {
        double perRow = operatorClass.contains("trgm")
                ? Math.max(1, width * 0.85)
                : operatorClass.startsWith("jsonb") ? Math.max(1, width / 20) : Math.max(1, width / 12);
        double count = Math.min(5_000, Math.max(1, perRow * present));
        return List.of(new Keys(count, Math.max(1, perRow * present / count), keyBytes > 0 ? keyBytes : 10));
    }

    /** Keys of one kind, such as those below one path of a document. */
    private record Group(Map<String, Met> met, double rowsDrawn, double weightDrawn) {

        double perRow() {
            return met.values().stream().mapToDouble(m -> m.weight).sum();
        }

        /** The group without some keys. */
        Group without(Set<String> keys) {
            Map<String, Met> rest = new LinkedHashMap<>(met);
            rest.keySet().removeAll(keys);
            return new Group(rest, rowsDrawn, weightDrawn);
        }

        /**
         * How many distinct keys there are in so many rows. The estimator takes keys to be alike, so that those met
         * often are counted apart, and it is asked only for those met once or twice.
         */
        double distinct(double rows) {
            double once = met.values().stream().filter(key -> key.drawn == 1).count();
            double twice = met.values().stream().filter(key -> key.drawn == 2).count();
            if (once == 0) {
                return met.size();
            }
            double drawn = once + 2 * twice;
            double all = Math.max(drawn, drawn / Math.max(1, rowsDrawn) * weightDrawn * rows);
            double rare = drawn * (once + twice) / Math.max(1e-9, drawn - once + once * drawn / all);
            double estimate = met.size() - once - twice + rare;
            return Math.clamp(estimate, met.size(), Math.max(met.size(), NumberTemplates.capacity(met.keySet())));
        }

        List<Keys> keys(double rows) {
            double distinct = distinct(rows);
            List<Keys> keys = new ArrayList<>();
            double once = 0;
            double weight = 0;
            double bytes = 0;
            for (Met key : met.values()) {
                if (key.drawn == 1) {
                    once++;
                    weight += key.weight;
                    bytes += key.width;
                } else {
                    keys.add(new Keys(1, Math.max(1, key.weight * rows), key.width));
                }
            }
            if (once > 0) {
                double count = Math.max(once, distinct - keys.size());
                keys.add(new Keys(count, Math.max(1, weight * rows / count), bytes / once));
            }
            return keys;
        }
    }

    /** How many distinct keys a row has on average, NULL aside; empty if no sample tells. */
    OptionalDouble perRow(String operatorClass, Optional<Sample> sample) throws SQLException {
        List<Group> groups = sample.isPresent() ? groups(operatorClass, 1, sample.get()) : List.of();
        return groups.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(groups.stream().mapToDouble(Group::perRow).sum());
    }

    private List<Group> groups(String operatorClass, int keyBytes, Sample sample) throws SQLException {
        Optional<String> query = query(operatorClass, sample);
        if (query.isEmpty()) {
            return List.of();
        }
        Map<String, Map<String, Met>> groups = new TreeMap<>();
        Map<String, Set<String>> seen = new HashMap<>();
        try {
            owner.query(query.get(), row -> {
                int number = row.getInt(1);
                String key = row.getString(2);
                String group = row.getString(3);
                if (key == null
                        || !seen.computeIfAbsent(number + "/" + group, k -> new HashSet<>())
                                .add(key)) {
                    return number;
                }
                Row from = sample.rows().get(number - 1);
                double width = keyBytes > 0 ? keyBytes : row.getDouble(4);
                Met met = groups.computeIfAbsent(String.valueOf(group), g -> new LinkedHashMap<>())
                        .computeIfAbsent(key, k -> new Met(width));
                met.weight += from.weight();
                met.drawn += from.drawn() ? 1 : 0;
                return number;
            });
        } catch (SQLException e) {
            // A value that the twin does not take apart.
            return List.of();
        }
        boolean words = operatorClass.equals("tsvector_ops") || operatorClass.equals("array_ops");
        double drawn = sample.rows().stream().filter(Row::drawn).count();
        double weight = sample.rows().stream()
                .filter(Row::drawn)
                .mapToDouble(Row::weight)
                .sum();
        return (words ? byPattern(groups) : groups)
                .values().stream().map(met -> new Group(met, drawn, weight)).toList();
    }

    /** Words that are a pattern with a number in it are of one kind, apart from ordinary words. */
    private static Map<String, Map<String, Met>> byPattern(Map<String, Map<String, Met>> groups) {
        Map<String, Map<String, Met>> kinds = new TreeMap<>();
        groups.values()
                .forEach(met -> met.forEach((key, value) -> kinds.computeIfAbsent(
                                NumberTemplates.pattern(key), pattern -> new LinkedHashMap<>())
                        .put(key, value)));
        Map<String, Map<String, Met>> large = new TreeMap<>();
        kinds.forEach((pattern, met) -> large.computeIfAbsent(
                        met.size() < FEWEST_OF_KIND ? "" : pattern, kind -> new LinkedHashMap<>())
                .putAll(met));
        return large;
    }

    private Optional<String> query(String operatorClass, Sample sample) throws SQLException {
        Optional<String> schemaQuery = KeyExtraction.schemaQuery(operatorClass);
        Optional<String> schema = schemaQuery.isPresent() ? superuser.text(schemaQuery.get()) : Optional.empty();
        return KeyExtraction.sql(operatorClass, "(" + sample.expression() + ")", sample.relation(), schema);
    }

    /** The elements that statistics have recorded; empty if they have not. */
    static Optional<Elements> elements(
            @Nullable String elements, @Nullable String frequencies, @Nullable String counts, List<Integer> widths) {
        if (elements == null || frequencies == null || widths.isEmpty()) {
            return Optional.empty();
        }
        List<Double> all = ArrayText.numbers(frequencies);
        if (all.size() < widths.size() + 2) {
            return Optional.empty();
        }
        List<Double> histogram = counts == null ? List.of() : ArrayText.numbers(counts);
        return Optional.of(new Elements(
                Set.copyOf(new HashSet<>(ArrayText.parse(elements))),
                widths,
                List.copyOf(all.subList(0, widths.size())),
                all.get(widths.size()),
                histogram.isEmpty() ? 0 : histogram.getLast()));
    }
}
