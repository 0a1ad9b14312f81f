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

    private NumberTemplates() {}

    /** Texts of one pattern: how many, and from where to where each of its numbers goes. */
    private static final class Numbers {
        private final int texts;
        private final long[] ranges;

        private Numbers(int texts, long[] ranges) {
            this.texts = texts;
            this.ranges = ranges;
        }

        Numbers with(Numbers other) {
            return new Numbers(texts + other.texts, widened(ranges, other.ranges));
        }

        /** Numbers drawn at random miss the ends of their range by a share that their count tells. */
        double capacity() {
            double beyond = texts > 1 ? (texts + 1.0) / (texts - 1.0) : 1;
            double product = 1;
            for (int i = 0; i < ranges.length; i += 2) {
                double range = (double) ranges[i + 1] - ranges[i];
                product *= range == 0 ? 1 : range * beyond + 1;
            }
            return product;
        }
    }

    /** The text with a sign for each number; empty if there is none in it. */
    static String pattern(String text) {
        String pattern = NUMBER.matcher(text).replaceAll("#");
        return pattern.equals(text) ? "" : pattern;
    }

    /** The largest number of different texts; infinite where the sample sets no bound. */
    static double capacity(Collection<String> texts) {
        Map<String, Numbers> patterns = new HashMap<>();
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
            patterns.merge(pattern.toString(), new Numbers(1, ranges), Numbers::with);
        }
        if (patterns.size() > Math.max(1, texts.size() / FEWEST_PER_PATTERN)) {
            return Double.POSITIVE_INFINITY;
        }
        double capacity =
                patterns.values().stream().mapToDouble(Numbers::capacity).sum();
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
