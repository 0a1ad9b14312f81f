package dev.hone.advise;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** PostgreSQL's text form of arrays. */
final class ArrayText {

    private ArrayText() {}

    /** The elements of a one-dimensional array in PostgreSQL's text form; empty if it is another kind of array. */
    static List<String> elements(@Nullable String text) {
        if (text == null || !text.startsWith("{") || !text.endsWith("}") || text.startsWith("{{")) {
            return List.of();
        }
        List<String> elements = new ArrayList<>();
        StringBuilder element = new StringBuilder();
        boolean quoted = false;
        boolean any = false;
        for (int i = 1; i < text.length() - 1; i++) {
            char c = text.charAt(i);
            any = true;
            if (c == '\\') {
                element.append(text.charAt(++i));
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                elements.add(element.toString());
                element.setLength(0);
            } else {
                element.append(c);
            }
        }
        if (any) {
            elements.add(element.toString());
        }
        return elements;
    }

    /** An array of these elements. */
    static String of(List<String> elements) {
        return elements.stream()
                .map(element -> '"' + element.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
                .collect(Collectors.joining(",", "{", "}"));
    }
}
