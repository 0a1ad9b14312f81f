package dev.hone.twin;

import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * How many distinct values a column of whole numbers or days has in which every number occurs, such as a key that
 * refers to another table.
 *
 * <p>ANALYZE estimates that from a sample (Haas and Stokes' Duj1) and comes out low where some values are more frequent
 * than others. If there are no gaps, the histogram says how frequent the numbers of each of its parts are, and so what
 * ANALYZE is to be expected to find. Where it did find that, the column is taken to be without gaps, and the numbers are
 * counted; else nothing is known.
 */
final class NumbersWithoutGaps {

    private static final Set<String> TYPES = Set.of("int2", "int4", "int8", "date");

    /** Rows that ANALYZE reads for each part of a histogram (std_typanalyze). */
    private static final double SAMPLED_PER_PART = 300;

    /** How far what ANALYZE found may be from what it should find. */
    private static final double TOLERANCE = 0.02;

    private static final int FEWEST_PARTS = 10;

    /** Numbers of one part of the histogram, each with a share of the table's rows. */
    private record Part(double numbers, double share) {}

    private NumbersWithoutGaps() {}

    /**
     * The number of distinct values.
     *
     * @param type its name in pg_type
     * @param estimated what ANALYZE says
     * @param rows of the table
     * @return empty if the column is not known to be without gaps
     */
    static OptionalDouble distinct(String type, KeptValues values, double estimated, double rows) {
        int parts = values.bounds().size() - 1;
        double sampled = SAMPLED_PER_PART * parts;
        if (!TYPES.contains(type) || parts < FEWEST_PARTS || rows <= sampled || estimated >= rows) {
            return OptionalDouble.empty();
        }
        double common =
                values.frequencies().stream().mapToDouble(Double::doubleValue).sum();
        double rest = 1 - values.nulls() - common;
        List<Part> all = rest <= 0 ? List.of() : parts(values, rest / parts);
        if (all.isEmpty()) {
            return OptionalDouble.empty();
        }
        double met = values.frequencies().size();
        double once = 0;
        double distinct = met;
        for (Part part : all) {
            double meanInSample = sampled * part.share();
            met += part.numbers() * (1 - Math.exp(-meanInSample));
            once += part.numbers() * meanInSample * Math.exp(-meanInSample);
            distinct += part.numbers() * (1 - Math.exp(-rows * part.share()));
        }
        double drawn = sampled * (1 - values.nulls());
        double expected = drawn * met / (drawn - once + once * sampled / rows);
        return Math.abs(estimated / expected - 1) <= TOLERANCE ? OptionalDouble.of(distinct) : OptionalDouble.empty();
    }

    /** Empty if a bound is not such a number, or none lies between two of them. */
    private static List<Part> parts(KeptValues values, double share) {
        List<Part> parts = new ArrayList<>();
        try {
            long[] common = values.common().stream()
                    .mapToLong(NumbersWithoutGaps::number)
                    .sorted()
                    .toArray();
            long from = number(values.bounds().getFirst());
            int next = 0;
            for (String bound : values.bounds().subList(1, values.bounds().size())) {
                long to = number(bound);
                double numbers = Math.max(1, (double) to - from);
                for (; next < common.length && common[next] < to; next++) {
                    if (common[next] >= from) {
                        numbers = Math.max(1, numbers - 1);
                    }
                }
                parts.add(new Part(numbers, share / numbers));
                from = to;
            }
        } catch (NumberFormatException | DateTimeParseException e) {
            return List.of();
        }
        return parts;
    }

    private static long number(String text) {
        return text.indexOf('-', 1) > 0 ? LocalDate.parse(text).toEpochDay() : Long.parseLong(text);
    }
}
