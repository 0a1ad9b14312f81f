package dev.hone.advise;

import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads the expressions of a VERBOSE plan. PostgreSQL writes them in a small, fully parenthesised grammar with every
 * column as {@code alias.column}, so that a tree of parentheses is nearly the whole of parsing. What is not understood
 * becomes an {@link Expression} or nothing at all; it is never guessed at.
 */
final class Deparsed {

    /** One side of a comparison. */
    sealed interface Term permits Column, Constant, Parameter, Expression, Tuple {}

    /**
     * A column.
     *
     * @param cast the type it is shown cast to; empty for none
     */
    record Column(String alias, String name, String cast) implements Term {}

    /** A literal, without its cast. */
    record Constant(String sql) implements Term {}

    /** A placeholder of the statement. */
    record Parameter(int number) implements Term {}

    /**
     * Anything else.
     *
     * @param aliases whose columns it reads
     * @param sql as an index on {@code aliases}' one table would write it; empty if it cannot be one
     * @param parameters the placeholders in it
     */
    record Expression(Set<String> aliases, String sql, List<Integer> parameters) implements Term {}

    /** Several terms compared as one, {@code ROW(t.a, t.b)}. */
    record Tuple(List<Term> terms) implements Term {}

    /** What a row must fulfil. */
    sealed interface Condition permits Comparison, NullTest, Truth, TruthTest, Either {}

    /**
     * A comparison.
     *
     * @param any true for {@code = ANY (array)}
     */
    record Comparison(Term left, String operator, Term right, boolean any) implements Condition {}

    record NullTest(Term term, boolean isNull) implements Condition {}

    /** A boolean column, or its negation. */
    record Truth(Column column, boolean isTrue) implements Condition {}

    /**
     * A boolean column and what is asked of it.
     *
     * @param test such as {@code IS NOT TRUE}
     */
    record TruthTest(Column column, String test) implements Condition {}

    /**
     * Conditions of which one must hold.
     *
     * @param arms each with the conditions that must all hold
     */
    record Either(List<List<Condition>> arms) implements Condition {}

    /**
     * A key of a Sort or Aggregate node.
     *
     * @param collation quoted; empty for that of the column's type
     */
    record Order(Term term, boolean descending, boolean nullsFirst, String collation) {}

    private enum Kind {
        NAME,
        STRING,
        NUMBER,
        PARAMETER,
        OPERATOR,
        CAST,
        OTHER,
        GROUP
    }

    /** A token, or what stands between two parentheses or brackets. */
    private record Part(Kind kind, String text, boolean quoted, List<Part> inner) {
        boolean is(String word) {
            return !quoted && (kind == Kind.NAME || kind == Kind.OTHER) && text.equalsIgnoreCase(word);
        }
    }

    private static final String OPERATOR_CHARACTERS = "+-*/<>=~!@#%^&|`?";
    private static final Set<String> COMPARISONS = Set.of("=", "<>", "!=", "<", "<=", ">", ">=");
    private static final Set<String> KEYWORDS =
            Set.of("and", "or", "not", "in", "case", "when", "then", "else", "zone", "collate", "is", "from", "distinct");
    private static final Set<String> NOT_FUNCTIONS = Set.of("any", "all", "row", "array", "subplan", "initplan");

    private final String text;
    private int at;

    private Deparsed(String text) {
        this.text = text;
    }

    /** The conditions that must all hold; those not understood are left out. */
    static List<Condition> conditions(String text) {
        List<Condition> found = new ArrayList<>();
        and(parse(text), found);
        return found;
    }

    /** A key such as {@code t.a DESC NULLS LAST}. */
    static Optional<Order> order(String text) {
        List<Part> parts = new ArrayList<>(parse(text));
        boolean nullsGiven = false;
        boolean nullsFirst = false;
        boolean descending = false;
        if (endsWith(parts, "NULLS", "FIRST") || endsWith(parts, "NULLS", "LAST")) {
            nullsGiven = true;
            nullsFirst = parts.getLast().is("FIRST");
            parts = parts.subList(0, parts.size() - 2);
        }
        if (endsWith(parts, "DESC")) {
            descending = true;
            parts = parts.subList(0, parts.size() - 1);
        }
        String collation = "";
        int collate = indexOf(parts, "COLLATE");
        if (collate > 0) {
            collation = parts.subList(collate + 1, parts.size()).stream()
                    .map(part -> part.kind() == Kind.NAME ? Sql.identifier(part.text()) : part.text())
                    .collect(Collectors.joining());
            parts = parts.subList(0, collate);
        }
        if (parts.isEmpty() || parts.stream().anyMatch(part -> part.is("USING"))) {
            return Optional.empty();
        }
        return Optional.of(new Order(term(parts), descending, nullsGiven ? nullsFirst : descending, collation));
    }

    /**
     * Every column that the text mentions; a whole-row reference has the name {@code *}. What stands without an alias,
     * as the outputs of a plan of one table do, has an empty one, and may also be something else than a column.
     */
    static Set<Column> columns(String text) {
        Set<Column> found = new LinkedHashSet<>();
        collect(parse(text), found);
        return found;
    }

    /** The column of which the text takes the {@code min} or {@code max}. */
    static Optional<Column> extreme(String text) {
        List<Part> parts = parse(text);
        if (parts.size() != 2
                || !(parts.getFirst().is("min") || parts.getFirst().is("max"))) {
            return Optional.empty();
        }
        List<Part> argument = parts.get(1).inner();
        if (argument.size() == 1 && argument.getFirst().kind() == Kind.NAME) {
            return Optional.of(new Column("", argument.getFirst().text(), ""));
        }
        return term(argument) instanceof Column column ? Optional.of(column) : Optional.empty();
    }

    /**
     * The keys of an index as pg_get_indexdef writes them, each in a form fit for comparison with {@link #canonical}.
     * Empty if it has another access method.
     */
    static List<String> indexKeys(String definition, String method) {
        List<Part> parts = parse(definition);
        for (int i = 0; i + 2 < parts.size(); i++) {
            if (parts.get(i).is("USING")
                    && parts.get(i + 1).is(method)
                    && parts.get(i + 2).kind() == Kind.GROUP) {
                return split(parts.get(i + 2).inner(), ",").stream()
                        .map(Deparsed::render)
                        .toList();
            }
        }
        return List.of();
    }

    /** An SQL text with insignificant differences of quoting, space and outer parentheses removed. */
    static String canonical(String sql) {
        return render(parse(sql));
    }

    private static String render(List<Part> parts) {
        if (parts.size() == 1 && parts.getFirst().kind() == Kind.GROUP) {
            return render(parts.getFirst().inner());
        }
        StringBuilder result = new StringBuilder();
        for (Part part : parts) {
            if (part.kind() == Kind.GROUP) {
                result.append('(').append(render(part.inner())).append(')');
            } else {
                result.append(part.text());
            }
            result.append(' ');
        }
        return result.toString().strip();
    }

    private static void and(List<Part> parts, List<Condition> into) {
        if (parts.size() == 1 && parts.getFirst().kind() == Kind.GROUP) {
            and(parts.getFirst().inner(), into);
            return;
        }
        List<List<Part>> all = split(parts, "AND");
        if (all.size() > 1) {
            all.forEach(one -> and(one, into));
            return;
        }
        List<List<Part>> any = split(parts, "OR");
        if (any.size() > 1) {
            List<List<Condition>> arms = new ArrayList<>();
            for (List<Part> one : any) {
                List<Condition> arm = new ArrayList<>();
                and(one, arm);
                arms.add(List.copyOf(arm));
            }
            into.add(new Either(List.copyOf(arms)));
            return;
        }
        simple(parts).ifPresent(into::add);
    }

    private static Optional<Condition> simple(List<Part> parts) {
        if (endsWith(parts, "IS", "NULL")) {
            return Optional.of(new NullTest(term(parts.subList(0, parts.size() - 2)), true));
        }
        if (endsWith(parts, "IS", "NOT", "NULL")) {
            return Optional.of(new NullTest(term(parts.subList(0, parts.size() - 3)), false));
        }
        int is = indexOf(parts, "IS");
        if (is > 0
                && (endsWith(parts, "TRUE") || endsWith(parts, "FALSE") || endsWith(parts, "UNKNOWN"))
                && term(parts.subList(0, is)) instanceof Column column) {
            return Optional.of(new TruthTest(column, render(parts.subList(is, parts.size()))));
        }
        boolean negated = !parts.isEmpty() && parts.getFirst().is("NOT");
        if (term(negated ? parts.subList(1, parts.size()) : parts) instanceof Column column) {
            return Optional.of(new Truth(column, !negated));
        }
        int operator = -1;
        for (int i = 0; i < parts.size(); i++) {
            if (parts.get(i).kind() == Kind.OPERATOR) {
                if (operator >= 0) {
                    return Optional.empty();
                }
                operator = i;
            }
        }
        if (negated || operator <= 0 || operator == parts.size() - 1) {
            return Optional.empty();
        }
        List<Part> right = parts.subList(operator + 1, parts.size());
        boolean any =
                right.size() == 2 && right.getFirst().is("ANY") && right.get(1).kind() == Kind.GROUP;
        return Optional.of(new Comparison(
                term(parts.subList(0, operator)),
                parts.get(operator).text(),
                any ? term(right.get(1).inner()) : term(right),
                any));
    }

    private static Term term(List<Part> parts) {
        if (parts.size() == 1) {
            Part only = parts.getFirst();
            switch (only.kind()) {
                case GROUP -> {
                    if (only.text().equals("(")) {
                        return term(only.inner());
                    }
                }
                case STRING, NUMBER -> {
                    return new Constant(only.text());
                }
                case PARAMETER -> {
                    return new Parameter(Integer.parseInt(only.text().substring(1)));
                }
                case NAME -> {
                    if (only.is("true") || only.is("false")) {
                        return new Constant(only.text());
                    }
                }
                case OPERATOR, CAST, OTHER -> {}
            }
        }
        if (parts.size() == 2 && parts.getFirst().is("ROW") && parts.get(1).kind() == Kind.GROUP) {
            return new Tuple(split(parts.get(1).inner(), ",").stream()
                    .map(Deparsed::term)
                    .toList());
        }
        if (parts.size() == 3
                && parts.get(0).kind() == Kind.NAME
                && parts.get(1).is(".")
                && parts.get(2).kind() == Kind.NAME) {
            return new Column(parts.get(0).text(), parts.get(2).text(), "");
        }
        int cast = lastCast(parts);
        if (cast > 0) {
            Term inner = term(parts.subList(0, cast));
            if (inner instanceof Constant || inner instanceof Parameter) {
                return inner;
            }
            if (inner instanceof Column column && column.cast().isEmpty()) {
                return new Column(column.alias(), column.name(), render(parts.subList(cast + 1, parts.size())));
            }
        }
        return expression(parts);
    }

    private static Expression expression(List<Part> parts) {
        Set<Column> columns = new LinkedHashSet<>();
        collect(parts, columns);
        Set<String> aliases = new LinkedHashSet<>();
        columns.stream().map(Column::alias).filter(alias -> !alias.isEmpty()).forEach(aliases::add);
        StringBuilder sql = new StringBuilder();
        boolean fit = aliases.size() == 1 && unaliased(parts, sql);
        return new Expression(Set.copyOf(aliases), fit ? "(" + sql + ")" : "", parameters(parts));
    }

    private static List<Integer> parameters(List<Part> parts) {
        return parts.stream()
                .flatMap(part -> part.kind() == Kind.PARAMETER
                        ? Stream.of(Integer.valueOf(part.text().substring(1)))
                        : parameters(part.inner()).stream())
                .toList();
    }

    /** Writes an expression without its aliases; false if it holds what no index may. */
    private static boolean unaliased(List<Part> parts, StringBuilder sql) {
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            if (part.kind() == Kind.PARAMETER
                    || NOT_FUNCTIONS.contains(part.text().toLowerCase(Locale.ROOT))) {
                return false;
            }
            if (i > 0 && isApart(parts.get(i - 1), part)) {
                sql.append(' ');
            }
            if (part.kind() == Kind.GROUP) {
                sql.append(part.text());
                if (!unaliased(onlyOnce(part), sql)) {
                    return false;
                }
                sql.append(part.text().equals("(") ? ')' : ']');
            } else if (part.kind() == Kind.NAME
                    && i + 2 < parts.size()
                    && parts.get(i + 1).is(".")
                    && !(i > 0 && parts.get(i - 1).kind() == Kind.CAST)) {
                Part name = parts.get(i + 2);
                if (name.kind() != Kind.NAME) {
                    return false;
                }
                sql.append(
                        isCall(parts, i + 2) ? quote(part) + "." + quote(name) : Sql.identifier(name.text()));
                i += 2;
            } else {
                sql.append(quote(part));
            }
        }
        return true;
    }

    /** What stands in parentheses, those around the same again left out. */
    private static List<Part> onlyOnce(Part group) {
        List<Part> inner = group.inner();
        while (group.text().equals("(")
                && inner.size() == 1
                && inner.getFirst().kind() == Kind.GROUP
                && inner.getFirst().text().equals("(")) {
            inner = inner.getFirst().inner();
        }
        return inner;
    }

    /** Whether a space belongs between two parts. */
    private static boolean isApart(Part before, Part after) {
        boolean call = after.kind() == Kind.GROUP
                && (before.kind() == Kind.NAME || before.kind() == Kind.GROUP)
                && !KEYWORDS.contains(before.text().toLowerCase(Locale.ROOT));
        return !call
                && before.kind() != Kind.CAST
                && after.kind() != Kind.CAST
                && !before.is(".")
                && !after.is(".")
                && !after.is(",");
    }

    private static String quote(Part part) {
        return part.quoted() ? Sql.identifier(part.text()) : part.text();
    }

    private static void collect(List<Part> parts, Set<Column> into) {
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            boolean named =
                    i > 0 && (parts.get(i - 1).is(".") || parts.get(i - 1).kind() == Kind.CAST);
            boolean naming = i + 2 < parts.size() && parts.get(i + 1).is(".");
            boolean starts = part.kind() == Kind.NAME && !named;
            if (part.kind() == Kind.GROUP) {
                collect(part.inner(), into);
            } else if (starts && naming) {
                Part name = parts.get(i + 2);
                if (name.text().equals("*") || (name.kind() == Kind.NAME && !isCall(parts, i + 2))) {
                    into.add(new Column(part.text(), name.text(), ""));
                }
            } else if (starts && !isCall(parts, i)) {
                into.add(new Column("", part.text(), ""));
            }
        }
    }

    private static boolean isCall(List<Part> parts, int name) {
        return name + 1 < parts.size() && parts.get(name + 1).kind() == Kind.GROUP;
    }

    private static int lastCast(List<Part> parts) {
        for (int i = parts.size() - 1; i > 0; i--) {
            if (parts.get(i).kind() == Kind.CAST) {
                return i;
            }
            if (parts.get(i).kind() == Kind.OPERATOR) {
                return -1;
            }
        }
        return -1;
    }

    private static int indexOf(List<Part> parts, String word) {
        for (int i = 0; i < parts.size(); i++) {
            if (parts.get(i).is(word)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean endsWith(List<Part> parts, String... words) {
        if (parts.size() <= words.length) {
            return false;
        }
        for (int i = 0; i < words.length; i++) {
            if (!parts.get(parts.size() - words.length + i).is(words[i])) {
                return false;
            }
        }
        return true;
    }

    private static List<List<Part>> split(List<Part> parts, String word) {
        List<List<Part>> all = new ArrayList<>();
        int from = 0;
        for (int i = 0; i <= parts.size(); i++) {
            if (i == parts.size() || parts.get(i).is(word)) {
                all.add(parts.subList(from, i));
                from = i + 1;
            }
        }
        return all;
    }

    private static List<Part> parse(String text) {
        return List.copyOf(new Deparsed(text).parts());
    }

    private List<Part> parts() {
        List<Part> parts = new ArrayList<>();
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == ')' || c == ']') {
                return parts;
            } else if (c == '(' || c == '[') {
                at++;
                List<Part> inner = parts();
                at++;
                parts.add(new Part(Kind.GROUP, String.valueOf(c), false, List.copyOf(inner)));
            } else if (Character.isWhitespace(c)) {
                at++;
            } else {
                parts.add(token(c));
            }
            foldOperator(parts);
        }
        return parts;
    }

    /**
     * {@code OPERATOR(schema.%)} is {@code %} where that is no sign of comparison: these could be anything under another
     * schema.
     */
    private static void foldOperator(List<Part> parts) {
        int size = parts.size();
        if (size < 2 || !parts.get(size - 2).is("OPERATOR") || parts.getLast().kind() != Kind.GROUP) {
            return;
        }
        List<Part> inner = parts.getLast().inner();
        if (!inner.isEmpty()
                && inner.getLast().kind() == Kind.OPERATOR
                && !COMPARISONS.contains(inner.getLast().text())) {
            parts.subList(size - 2, size).clear();
            parts.add(inner.getLast());
        }
    }

    private Part token(char c) {
        int start = at;
        if (c == '"') {
            String name = quoted('"', false);
            return new Part(Kind.NAME, name.replace("\"\"", "\""), true, List.of());
        }
        if (c == '\'' || ((c == 'E' || c == 'B' || c == 'X') && text.startsWith("'", at + 1))) {
            at += c == '\'' ? 0 : 1;
            quoted('\'', c == 'E');
            return new Part(Kind.STRING, text.substring(start, at), false, List.of());
        }
        if (c == '$' && at + 1 < text.length() && Character.isDigit(text.charAt(at + 1))) {
            at++;
            skip(Character::isDigit);
            return new Part(Kind.PARAMETER, text.substring(start, at), false, List.of());
        }
        if (Character.isDigit(c)) {
            skip(digit -> Character.isLetterOrDigit(digit) || digit == '.');
            return new Part(Kind.NUMBER, text.substring(start, at), false, List.of());
        }
        if (Character.isLetter(c) || c == '_' || c > 127) {
            skip(letter -> Character.isLetterOrDigit(letter) || letter == '_' || letter == '$' || letter > 127);
            return new Part(Kind.NAME, text.substring(start, at), false, List.of());
        }
        if (text.startsWith("::", at)) {
            at += 2;
            return new Part(Kind.CAST, "::", false, List.of());
        }
        if (OPERATOR_CHARACTERS.indexOf(c) >= 0) {
            skip(sign -> OPERATOR_CHARACTERS.indexOf(sign) >= 0);
            return new Part(Kind.OPERATOR, text.substring(start, at), false, List.of());
        }
        at++;
        return new Part(Kind.OTHER, String.valueOf(c), false, List.of());
    }

    /** Passes a quoted text and gives what stands between its quotes. */
    private String quoted(char quote, boolean escapes) {
        int start = ++at;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (escapes && c == '\\') {
                at += 2;
            } else if (c == quote && at + 1 < text.length() && text.charAt(at + 1) == quote) {
                at += 2;
            } else if (c == quote) {
                at++;
                return text.substring(start, at - 1);
            } else {
                at++;
            }
        }
        at = text.length();
        return text.substring(Math.min(start, at));
    }

    private void skip(java.util.function.IntPredicate wanted) {
        while (at < text.length() && wanted.test(text.charAt(at))) {
            at++;
        }
    }
}
