package dev.hone.twin;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many different texts there can be that are made like those of a sample. Texts are often one pattern with numbers
 * in it ({@code /product/4711}), or numbers alone: then there are no more of them than the numbers' ranges allow, however
 * few of the sample are alike.
 */
final class NumberTemplates {

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,15}");

    /** Texts for each pattern below which the patterns say nothing. */
    private static final int FEWEST_PER_PATTERN = 5;

    /** Sampled numbers do not quite reach the ends of their range. */
    private static final double BEYOND_SAMPLE = 1.02;

    private NumberTemplates() {}

    /** The largest number of different texts; infinite where the sample sets no bound. */
    static double capacity(Collection<String> texts) {
        Map<String, long[]> patterns = new HashMap<>();
        for (String text : texts) {
            Matcher matcher = NUMBER.matcher(text);
            StringBuilder pattern = new StringBuilder();
            long[] ranges = new long[2 * (int) matcher.results().count()];
            matcher.reset();
            for (int i = 0; matcher.find(); i += 2) {
                matcher.appendReplacement(pattern, "#");
                ranges[i] = Long.parseLong(matcher.group());
                ranges[i + 1] = ranges[i];
            }
            matcher.appendTail(pattern);
            patterns.merge(pattern.toString(), ranges, NumberTemplates::widened);
        }
        if (patterns.size() > Math.max(1, texts.size() / FEWEST_PER_PATTERN)) {
            return Double.POSITIVE_INFINITY;
        }
        double capacity = 0;
        for (long[] ranges : patterns.values()) {
            double product = 1;
            for (int i = 0; i < ranges.length; i += 2) {
                product *= (ranges[i + 1] - ranges[i] + 1) * BEYOND_SAMPLE;
            }
            capacity += product;
        }
        return Math.max(texts.size(), capacity);
    }

    private static long[] widened(long[] one, long[] other) {
        long[] wide = new long[one.length];
        for (int i = 0; i < one.length; i += 2) {
            wide[i] = Math.min(one[i], other[i]);
            wide[i + 1] = Math.max(one[i + 1], other[i + 1]);
        }
        return wide;
    }
}
