package dev.hone.advise;

import dev.hone.advise.Parts.Kind;
import dev.hone.advise.Parts.Part;
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

    private static final Set<String> KEYWORDS = Set.of(
            "and", "or", "not", "in", "case", "when", "then", "else", "zone", "collate", "is", "from", "distinct");
    private static final Set<String> NOT_FUNCTIONS = Set.of("any", "all", "row", "array", "subplan", "initplan");

    private Deparsed() {}

    /** The conditions that must all hold; those not understood are left out. */
    static List<Condition> conditions(String text) {
        List<Condition> found = new ArrayList<>();
        and(Parts.parse(text), found);
        return found;
    }

    /** A key such as {@code t.a DESC NULLS LAST}. */
    static Optional<Order> order(String text) {
        List<Part> parts = new ArrayList<>(Parts.parse(text));
        boolean nullsGiven = false;
        boolean nullsFirst = false;
        boolean descending = false;
        if (Parts.endsWith(parts, "NULLS", "FIRST") || Parts.endsWith(parts, "NULLS", "LAST")) {
            nullsGiven = true;
            nullsFirst = parts.getLast().is("FIRST");
            parts = parts.subList(0, parts.size() - 2);
        }
        if (Parts.endsWith(parts, "DESC")) {
            descending = true;
            parts = parts.subList(0, parts.size() - 1);
        }
        String collation = "";
        int collate = Parts.indexOf(parts, "COLLATE");
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
        collect(Parts.parse(text), found);
        return found;
    }

    /** The column of which the text takes the {@code min} or {@code max}. */
    static Optional<Column> extreme(String text) {
        List<Part> parts = Parts.parse(text);
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
        List<Part> parts = Parts.parse(definition);
        for (int i = 0; i + 2 < parts.size(); i++) {
            if (parts.get(i).is("USING")
                    && parts.get(i + 1).is(method)
                    && parts.get(i + 2).kind() == Kind.GROUP) {
                return Parts.split(parts.get(i + 2).inner(), ",").stream()
                        .map(Parts::render)
                        .toList();
            }
        }
        return List.of();
    }

    /** An SQL text with insignificant differences of quoting, space and outer parentheses removed. */
    static String canonical(String sql) {
        return Parts.render(Parts.parse(sql));
    }

    private static void and(List<Part> parts, List<Condition> into) {
        if (parts.size() == 1 && parts.getFirst().kind() == Kind.GROUP) {
            and(parts.getFirst().inner(), into);
            return;
        }
        List<List<Part>> all = Parts.split(parts, "AND");
        if (all.size() > 1) {
            all.forEach(one -> and(one, into));
            return;
        }
        List<List<Part>> any = Parts.split(parts, "OR");
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
        if (Parts.endsWith(parts, "IS", "NULL")) {
            return Optional.of(new NullTest(term(parts.subList(0, parts.size() - 2)), true));
        }
        if (Parts.endsWith(parts, "IS", "NOT", "NULL")) {
            return Optional.of(new NullTest(term(parts.subList(0, parts.size() - 3)), false));
        }
        int is = Parts.indexOf(parts, "IS");
        if (is > 0
                && (Parts.endsWith(parts, "TRUE") || Parts.endsWith(parts, "FALSE") || Parts.endsWith(parts, "UNKNOWN"))
                && term(parts.subList(0, is)) instanceof Column column) {
            return Optional.of(new TruthTest(column, Parts.render(parts.subList(is, parts.size()))));
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
            return new Tuple(Parts.split(parts.get(1).inner(), ",").stream()
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
                return new Column(column.alias(), column.name(), Parts.render(parts.subList(cast + 1, parts.size())));
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
                sql.append(Parts.isCall(parts, i + 2) ? quote(part) + "." + quote(name) : Sql.identifier(name.text()));
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
                if (name.text().equals("*") || (name.kind() == Kind.NAME && !Parts.isCall(parts, i + 2))) {
                    into.add(new Column(part.text(), name.text(), ""));
                }
            } else if (starts && !Parts.isCall(parts, i)) {
                into.add(new Column("", part.text(), ""));
            }
        }
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
}
