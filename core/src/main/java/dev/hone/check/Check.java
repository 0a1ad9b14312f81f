package dev.hone.check;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One question that Hone asks of a database. It is a single SQL resource: its leading comment says what it is, line by
 * line as {@code -- key: value}, and the SELECT below returns a row for each thing that is wrong.
 *
 * @param id the resource's name, in lower case with hyphens
 * @param title what it finds, as its documentation page is headed
 * @param severity of a finding whose row does not say it
 * @param category the group it belongs to, such as {@code indexes}
 * @param needs predefined roles without which the answer may be incomplete; usually none
 * @param why why a finding of it matters
 * @param remedy what to do about it, unless the row says something more fitting
 */
public record Check(
        String id, String title, Severity severity, String category, List<String> needs, String why, String remedy) {

    private static final Pattern ID = Pattern.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*");
    private static final Pattern KEY = Pattern.compile("-- ([a-z]+): (.+)");
    private static final String CONTINUATION = "--   ";

    public Check {
        needs = List.copyOf(needs);
        if (!ID.matcher(id).matches()) {
            throw new IllegalArgumentException("not an id of a check: " + id);
        }
    }

    /**
     * Reads the leading comment of a check's resource.
     *
     * @throws IllegalArgumentException if a key is missing, unknown or there twice
     */
    static Check parse(String id, String resource) {
        Map<String, String> values = new LinkedHashMap<>();
        String last = null;
        for (String line : resource.lines().takeWhile(l -> l.startsWith("--")).toList()) {
            var key = KEY.matcher(line);
            if (line.startsWith(CONTINUATION) && last != null) {
                values.merge(last, line.substring(CONTINUATION.length()).strip(), (a, b) -> a + " " + b);
            } else if (key.matches()) {
                last = key.group(1);
                if (values.put(last, key.group(2).strip()) != null) {
                    throw new IllegalArgumentException("check " + id + " says its " + last + " twice");
                }
            } else {
                throw new IllegalArgumentException("check " + id + ": not understood: " + line);
            }
        }
        @Nullable String needs = values.remove("needs");
        Check check = new Check(
                id,
                take(id, values, "title"),
                Severity.of(take(id, values, "severity").toUpperCase(Locale.ROOT)),
                take(id, values, "category"),
                needs == null ? List.of() : List.of(needs.split(", *")),
                take(id, values, "why"),
                take(id, values, "remedy"));
        if (!values.isEmpty()) {
            throw new IllegalArgumentException("check " + id + ": unknown " + values.keySet());
        }
        return check;
    }

    /** The SELECT below the leading comment. */
    static String select(String resource) {
        StringBuilder body = new StringBuilder(resource.length());
        resource.lines()
                .dropWhile(line -> line.startsWith("--"))
                .forEach(line -> body.append(line).append('\n'));
        return body.toString();
    }

    private static String take(String id, Map<String, String> values, String key) {
        String value = values.remove(key);
        if (value == null) {
            throw new IllegalArgumentException("check " + id + " does not say its " + key);
        }
        return value;
    }
}
