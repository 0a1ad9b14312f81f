package dev.hone.advise;

import dev.hone.Json;
import dev.hone.advise.PlanReader.Bound;
import dev.hone.advise.PlanReader.Compared;
import dev.hone.postgres.Statistics.ColumnStatistics;
import dev.hone.twin.ArrayText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;

/**
 * Values for parameters, drawn from the statistics of the columns they are compared with. The same draw gives the same
 * values.
 *
 * @param bounds which parameters are compared with which columns
 * @param breadth share of the rows between the bounds of a range, from 0 to 1
 * @param rare whether rare values are drawn rather than common ones
 */
record DrawnValues(List<Bound> bounds, double breadth, boolean rare) {

    /** Moves the draws of one parameter against those of the next: the golden ratio spreads them most evenly. */
    private static final double SHIFT = 0.6180339887;

    private static final int LISTED = 3;
    private static final int PIECE = 5;
    private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}]+");

    DrawnValues {
        bounds = List.copyOf(bounds);
    }

    /** The value of a parameter in one draw of so many, in text form; empty if the statistics say nothing. */
    Optional<String> value(Bound bound, int draw, int draws) {
        ColumnStatistics known = bound.table().statistics().get(bound.column());
        if (known == null) {
            return Optional.empty();
        }
        ValueDistribution values = ValueDistribution.of(known);
        double quantile = ((draw + 0.5) / draws + bound.number() * SHIFT) % 1;
        return switch (bound.compared()) {
            case EQUAL -> equal(values, quantile);
            case IN_LIST -> list(values, quantile);
            // Where both ends are given, they must not be drawn apart.
            case ABOVE -> values.inOrder(isBetween(bound) ? (1 - breadth) * (draw + 0.5) / draws : 1 - breadth);
            case BELOW -> values.inOrder(isBetween(bound) ? (1 - breadth) * (draw + 0.5) / draws + breadth : breadth);
            case PATTERN -> piece(values, quantile).map(piece -> "%" + piece + "%");
            case PATTERN_PART -> piece(values, quantile);
            case ELEMENT, WORDS -> element(known, quantile);
            case KEY -> entry(values, quantile).map(Map.Entry::getKey);
            case CONTAINED -> contained(bound, known, quantile);
        };
    }

    private boolean isBetween(Bound bound) {
        Compared other = bound.compared() == Compared.ABOVE ? Compared.BELOW : Compared.ABOVE;
        return bounds.stream()
                .anyMatch(one -> one.compared() == other
                        && one.table().equals(bound.table())
                        && one.column().equals(bound.column()));
    }

    private Optional<String> equal(ValueDistribution values, double quantile) {
        return rare ? values.rare(quantile) : values.at(quantile);
    }

    private Optional<String> list(ValueDistribution values, double quantile) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < LISTED; i++) {
            equal(values, (quantile + (double) i / LISTED) % 1)
                    .filter(value -> !all.contains(value))
                    .ifPresent(all::add);
        }
        return all.isEmpty() ? Optional.empty() : Optional.of(ArrayText.of(all));
    }

    /** The beginning of the longest word of a value. */
    private Optional<String> piece(ValueDistribution values, double quantile) {
        return equal(values, quantile)
                .flatMap(value -> WORD.matcher(value)
                        .results()
                        .map(MatchResult::group)
                        .reduce((a, b) -> b.length() > a.length() ? b : a))
                .map(word -> word.substring(
                        0, word.offsetByCodePoints(0, Math.min(PIECE, word.codePointCount(0, word.length())))));
    }

    private static Optional<String> element(ColumnStatistics known, double quantile) {
        List<String> elements = ArrayText.elements(known.mostCommonElements());
        return elements.isEmpty() ? Optional.empty() : Optional.of(elements.get((int) (quantile * elements.size())));
    }

    private Optional<String> contained(Bound bound, ColumnStatistics known, double quantile) {
        var column = bound.table().columns().get(bound.column());
        if (column == null) {
            return Optional.empty();
        }
        if (column.type().equals("jsonb")) {
            return entry(ValueDistribution.of(known), quantile)
                    .map(entry -> Json.MAPPER.writeValueAsString(Map.of(entry.getKey(), entry.getValue())));
        }
        if (column.type().endsWith("[]")) {
            return element(known, quantile).map(element -> ArrayText.of(List.of(element)));
        }
        List<String> ranges = ArrayText.elements(known.rangeBoundsHistogram());
        return ranges.isEmpty() ? Optional.empty() : Optional.of(ranges.get((int) (quantile * ranges.size())));
    }

    /** One entry of a JSON document, with a value that is no document itself. */
    private Optional<Map.Entry<String, Object>> entry(ValueDistribution values, double quantile) {
        return equal(values, quantile).flatMap(document -> {
            try {
                List<Map.Entry<String, Object>> entries = Json.object(document).entrySet().stream()
                        .filter(entry -> entry.getValue() instanceof String
                                || entry.getValue() instanceof Number
                                || entry.getValue() instanceof Boolean)
                        .toList();
                return entries.isEmpty()
                        ? Optional.empty()
                        : Optional.of(entries.get((int) (quantile * entries.size())));
            } catch (JacksonException e) {
                // An array or a scalar.
                return Optional.empty();
            }
        });
    }
}
