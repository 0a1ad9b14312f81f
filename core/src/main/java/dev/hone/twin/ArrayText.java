package dev.hone.twin;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** PostgreSQL's text form of a one-dimensional array: {@code {1,2}}, {@code {"a b","c\"d"}}. */
public final class ArrayText {

    private ArrayText() {}

    /** The elements as texts, NULL as {@code NULL}; empty if it is null or another kind of array. */
    public static List<String> elements(@Nullable String text) {
        try {
            return text == null ? List.of() : parse(text, true);
        } catch (IllegalArgumentException e) {
            return List.of();
        }
    }

    /** An array of these elements. */
    public static String of(List<String> elements) {
        return elements.stream()
                .map(element -> '"' + element.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
                .collect(Collectors.joining(",", "{", "}"));
    }

    /**
     * The elements as texts.
     *
     * @throws IllegalArgumentException if the text is not such an array, or has a NULL element
     */
    static List<String> parse(String text) {
        return parse(text, false);
    }

    private static List<String> parse(String text, boolean nulls) {
        int end = text.length() - 1;
        if (end < 1 || text.charAt(0) != '{' || text.charAt(end) != '}') {
            throw new IllegalArgumentException("not an array");
        }
        List<String> elements = new ArrayList<>();
        int at = 1;
        while (at < end) {
            StringBuilder element = new StringBuilder();
            boolean quoted = text.charAt(at) == '"';
            at = quoted ? quoted(text, at + 1, end, element) : bare(text, at, end, element);
            boolean isNull = !quoted && element.toString().equalsIgnoreCase("null");
            if ((!quoted && element.isEmpty()) || (isNull && !nulls)) {
                throw new IllegalArgumentException("array with a missing element");
            }
            elements.add(element.toString());
            if (at < end) {
                if (text.charAt(at) != ',' || at + 1 == end) {
                    throw new IllegalArgumentException("malformed array");
                }
                at++;
            }
        }
        return elements;
    }

    /** The elements as numbers. */
    static List<Double> numbers(String text) {
        return parse(text).stream().map(Double::valueOf).toList();
    }

    private static int quoted(String text, int from, int end, StringBuilder element) {
        int at = from;
        while (at < end && text.charAt(at) != '"') {
            if (text.charAt(at) == '\\') {
                at++;
            }
            if (at < end) {
                element.append(text.charAt(at));
            }
            at++;
        }
        if (at >= end) {
            throw new IllegalArgumentException("array with an open quote");
        }
        return at + 1;
    }

    private static int bare(String text, int from, int end, StringBuilder element) {
        int at = from;
        while (at < end && text.charAt(at) != ',') {
            char c = text.charAt(at);
            if (c == '{' || c == '}' || c == '"') {
                throw new IllegalArgumentException("malformed array");
            }
            if (c == '\\' && at + 1 < end) {
                at++;
            }
            element.append(text.charAt(at++));
        }
        return at;
    }
}
