package dev.hone.workload;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Statements that differ in constants alone are one statement with samples: logs and files of SQL hold them with their values
 * in the text. A constant that varies says nothing about the next call, one that never does belongs to the statement.
 */
public final class Alike {

    /** A number that is not part of a name or of another number, with what stands before it. */
    private static final Pattern NUMBER = Pattern.compile("(?<![\\p{L}\\p{N}_$.])\\d+(?:\\.\\d+)?(?![\\p{L}\\p{N}_.])");

    private static final Pattern LAST_WORD = Pattern.compile("([\\p{L}_][\\p{L}\\p{N}_]*)\\s*$");

    /** Types whose name may stand before a literal: {@code date '2026-01-01'}. */
    private static final Set<String> TYPES = Set.of(
            "date", "time", "timestamp", "timestamptz", "interval", "numeric", "bigint", "integer", "text", "uuid");

    /** Words that a literal may follow without being of a type that they name. */
    private static final Set<String> BEFORE_A_VALUE = Set.of(
            "and",
            "or",
            "not",
            "in",
            "any",
            "like",
            "ilike",
            "between",
            "then",
            "else",
            "when",
            "select",
            "values",
            "limit",
            "offset",
            "from",
            "set",
            "where",
            "on",
            "having",
            "return",
            "returning",
            "to",
            "array",
            "all",
            "some",
            "escape");

    private static final Pattern LISTS = Pattern.compile("(?i)\\bby\\b");

    /** What ends the list that a GROUP BY or ORDER BY begins. */
    private static final Pattern AFTER_LIST = Pattern.compile(
            "(?i)\\b(having|window|limit|offset|fetch|for|union|except|intersect|select|from|where|values|returning|by)\\b|\\)");

    /**
     * A constant in a text.
     *
     * @param start offset of what it takes the place of, a type's name before it included
     * @param value in PostgreSQL's text form
     * @param cast the type's name, or empty
     */
    private record Constant(int start, int end, String value, String cast) {}

    /** A statement, taken apart. */
    private record Taken(Workload.Query query, String template, List<Constant> constants) {}

    private Alike() {}

    /**
     * The workload with statements that are alike in the place of one another.
     *
     * @param planned says whether the server understands a merged statement; those that it does not stay apart
     */
    public static Workload merged(Workload workload, Predicate<Workload.Query> planned) {
        Map<String, List<Taken>> groups = new LinkedHashMap<>();
        for (Workload.Query query : workload.queries()) {
            Optional<Taken> taken = taken(query);
            groups.computeIfAbsent(
                            taken.map(Taken::template).orElse("\u0001" + groups.size()), any -> new ArrayList<>())
                    .add(taken.orElse(new Taken(query, "", List.of())));
        }
        List<Workload.Query> queries = new ArrayList<>();
        for (List<Taken> group : groups.values()) {
            Workload.Query merged = group.size() < 2 ? null : merged(group);
            if (merged != null && planned.test(merged)) {
                queries.add(merged);
            } else {
                group.forEach(one -> queries.add(one.query()));
            }
        }
        return new Workload(workload.source(), queries);
    }

    /** The statement with its constants out; empty if it has parameters already, or constants that must stay. */
    private static Optional<Taken> taken(Workload.Query query) {
        String sql = query.sql();
        if (!query.samples().isEmpty()
                || SqlToken.of(sql).stream().anyMatch(token -> token.kind() == SqlToken.Kind.PARAMETER)) {
            return Optional.empty();
        }
        List<Constant> constants = new ArrayList<>();
        StringBuilder template = new StringBuilder();
        int copied = 0;
        for (SqlText.Piece piece : pieces(sql)) {
            List<Constant> found = switch (piece.kind()) {
                case CODE -> numbers(sql, piece);
                case QUOTED -> literal(sql, piece).map(List::of).orElse(List.of());
                case LINE_COMMENT, BLOCK_COMMENT -> List.of();
            };
            for (Constant constant : found) {
                template.append(sql, copied, constant.start()).append('\0').append(constant.cast());
                copied = constant.end();
            }
            constants.addAll(found);
        }
        if (constants.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                new Taken(query, template.append(sql.substring(copied)).toString(), List.copyOf(constants)));
    }

    private static List<SqlText.Piece> pieces(String sql) {
        try {
            return SqlText.pieces(sql);
        } catch (SqlText.UnclosedException e) {
            return List.of();
        }
    }

    private static Optional<Constant> literal(String sql, SqlText.Piece piece) {
        String before = sql.substring(0, piece.start());
        if (sql.charAt(piece.start()) != '\'' || before.matches("(?s).*[eEbBxXnN&]$")) {
            return Optional.empty();
        }
        String value = sql.substring(piece.start() + 1, piece.end() - 1).replace("''", "'");
        Matcher word = LAST_WORD.matcher(before);
        if (!word.find() || BEFORE_A_VALUE.contains(lower(word.group(1)))) {
            return Optional.of(new Constant(piece.start(), piece.end(), value, ""));
        }
        return TYPES.contains(lower(word.group(1)))
                ? Optional.of(new Constant(word.start(), piece.end(), value, lower(word.group(1))))
                : Optional.empty();
    }

    private static List<Constant> numbers(String sql, SqlText.Piece piece) {
        List<Constant> found = new ArrayList<>();
        Matcher number = NUMBER.matcher(sql).region(piece.start(), piece.end()).useTransparentBounds(true);
        while (number.find()) {
            String before = sql.substring(0, number.start());
            // In GROUP BY 1 and ORDER BY name, 2 they are positions; after -> and FROM their type decides what is
            // meant.
            if (!isInList(before) && !before.matches("(?is).*(->>?|#|\\bfrom|\\bfor)\\s*-?\\s*$")) {
                boolean negative =
                        before.matches("(?s).*(?:[(,=<>]|\\b(?i:and|or|in|between|then|else|limit|values))\\s*-\\s*$");
                found.add(new Constant(
                        negative ? before.lastIndexOf('-') : number.start(),
                        number.end(),
                        negative ? "-" + number.group() : number.group(),
                        typeOf(number.group())));
            }
        }
        return found;
    }

    /** Whether the text ends within what GROUP BY or ORDER BY lists. */
    private static boolean isInList(String before) {
        int by = -1;
        Matcher lists = LISTS.matcher(before);
        while (lists.find()) {
            by = lists.end();
        }
        return by >= 0 && !AFTER_LIST.matcher(before.substring(by)).find();
    }

    /** The type that the server gives a number in a text. */
    private static String typeOf(String number) {
        if (number.contains(".")) {
            return "numeric";
        }
        return number.length() < 10 ? "int" : number.length() < 19 ? "bigint" : "numeric";
    }

    private static String lower(String word) {
        return word.toLowerCase(Locale.ROOT);
    }

    /** One statement in the place of several; null if they do not differ. */
    private static Workload.@Nullable Query merged(List<Taken> group) {
        List<Taken> heaviestFirst = group.stream()
                .sorted(Comparator.comparingDouble(one -> -one.query().calls()))
                .toList();
        Taken first = heaviestFirst.getFirst();
        List<Integer> varying = new ArrayList<>();
        for (int i = 0; i < first.constants().size(); i++) {
            int position = i;
            if (group.stream()
                            .map(one -> one.constants().get(position).value())
                            .distinct()
                            .count()
                    > 1) {
                varying.add(i);
            }
        }
        if (varying.isEmpty()) {
            return null;
        }
        String sql = first.query().sql();
        StringBuilder text = new StringBuilder();
        int copied = 0;
        for (int i = 0; i < varying.size(); i++) {
            Constant constant = first.constants().get(varying.get(i));
            text.append(sql, copied, constant.start()).append('$').append(i + 1);
            if (!constant.cast().isEmpty()) {
                text.append("::").append(constant.cast());
            }
            copied = constant.end();
        }
        text.append(sql.substring(copied));
        List<List<@Nullable String>> samples = new ArrayList<>();
        for (Taken one : heaviestFirst) {
            List<@Nullable String> values = new ArrayList<>();
            varying.forEach(i -> values.add(one.constants().get(i).value()));
            samples.add(values);
        }
        return new Workload.Query(
                first.query().id() + " and " + (group.size() - 1) + " alike",
                text.toString(),
                group.stream().mapToDouble(one -> one.query().calls()).sum(),
                millis(group),
                rows(group),
                samples);
    }

    private static @Nullable Double millis(List<Taken> group) {
        double sum = 0;
        for (Taken one : group) {
            Double millis = one.query().totalMillis();
            if (millis == null) {
                return null;
            }
            sum += millis;
        }
        return sum;
    }

    private static @Nullable Long rows(List<Taken> group) {
        long sum = 0;
        for (Taken one : group) {
            Long rows = one.query().rows();
            if (rows == null) {
                return null;
            }
            sum += rows;
        }
        return sum;
    }
}
