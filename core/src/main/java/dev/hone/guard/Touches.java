package dev.hone.guard;

import dev.hone.change.Change;
import dev.hone.change.RunSql;
import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import dev.hone.workload.SqlToken;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Tells by its text what a query has to do with a deployment. Names are compared without their schema, and what is not
 * certain is not called untouched: a query that only shares a name with something changed is judged with the others.
 *
 * @param everything whether nobody can tell what is changed, so that every query may be touched
 * @param kinds of relations and functions by name
 */
record Touches(boolean everything, Map<String, Kind> kinds) {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** What a name stands for, weakest first. */
    enum Kind {
        PLAIN,
        /** Writing to it fires a trigger. */
        TRIGGERING,
        /** Writing to it looks at something changed. */
        NEIGHBOUR,
        FUNCTION,
        TOUCHED
    }

    /** First words of statements that change nothing but relations that they name. */
    private static final Set<String> NAMING = Set.of(
            "create index",
            "create unique",
            "create table",
            "create trigger",
            "create statistics",
            "create constraint",
            "alter index",
            "alter table",
            "alter trigger",
            "drop index",
            "drop table",
            "drop trigger",
            "drop statistics",
            "reindex index",
            "reindex table",
            "refresh materialized",
            "comment on",
            "insert into",
            "delete from");

    private static final Set<String> NAMING_BY_ONE = Set.of("analyze", "vacuum", "update", "cluster", "truncate");

    Touches {
        kinds = Map.copyOf(kinds);
    }

    /** Looks up what a list of changes touches, before it is made. */
    static Touches of(Server server, List<Change> changes) {
        List<Change.Touched> touched = new ArrayList<>();
        for (Change change : changes) {
            Optional<List<Change.Touched>> known = change instanceof RunSql run ? named(server, run) : change.touched();
            if (known.isEmpty()) {
                return new Touches(true, Map.of());
            }
            touched.addAll(known.get());
        }
        Map<String, Kind> kinds = new HashMap<>();
        server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(Touches.class, "relations", server.version()))
                        .bindArray(
                                "schemas",
                                String.class,
                                touched.stream().map(Change.Touched::schema).toList())
                        .bindArray(
                                "names",
                                String.class,
                                touched.stream().map(Change.Touched::name).toList())
                        .map((rs, context) -> kinds.merge(
                                rs.getString("name"),
                                Kind.valueOf(rs.getString("kind").toUpperCase(Locale.ROOT)),
                                (one, other) -> one.compareTo(other) > 0 ? one : other))
                        .list());
        return new Touches(false, kinds);
    }

    /** What statements of somebody's own name; empty if they may change anything. */
    private static Optional<List<Change.Touched>> named(Server server, RunSql run) {
        Set<String> names = new HashSet<>();
        for (String sql : run.sql()) {
            List<SqlToken> tokens = SqlToken.of(sql);
            if (!namesWhatItChanges(tokens)) {
                return Optional.empty();
            }
            names.addAll(names(tokens));
        }
        return Optional.of(server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(Touches.class, "names", server.version()))
                        .map((rs, context) -> new Change.Touched(rs.getString("schema"), rs.getString("name")))
                        .filter(one -> names.contains(one.name()))
                        .list()));
    }

    private static boolean namesWhatItChanges(List<SqlToken> tokens) {
        if (tokens.size() < 2 || tokens.getFirst().kind() != SqlToken.Kind.WORD) {
            return false;
        }
        String first = tokens.getFirst().text();
        return NAMING_BY_ONE.contains(first)
                || NAMING.contains(first + " " + tokens.get(1).text());
    }

    /** Every word and quoted name of a statement, as the server reads it. */
    private static Set<String> names(List<SqlToken> tokens) {
        Set<String> names = new HashSet<>();
        for (SqlToken token : tokens) {
            String text = token.text();
            if (token.kind() == SqlToken.Kind.WORD) {
                names.add(text);
            } else if (token.kind() == SqlToken.Kind.QUOTED && text.startsWith("\"")) {
                names.add(text.substring(1, text.length() - 1).replace("\"\"", "\""));
            }
        }
        return names;
    }

    /** The role of a request of several statements: that of the one that has most to do with the changes. */
    Role role(List<String> statements) {
        return statements.stream()
                .map(this::role)
                .min(Comparator.naturalOrder())
                .orElse(Role.APART);
    }

    /** The role of a statement. */
    Role role(String sql) {
        if (everything) {
            return Role.TOUCHED;
        }
        List<SqlToken> tokens = SqlToken.of(sql);
        boolean reads = !tokens.isEmpty() && tokens.getFirst().is("select");
        Role role = Role.APART;
        for (String name : names(tokens)) {
            Kind kind = kinds.get(name);
            if (kind != null) {
                Role found = switch (kind) {
                    case TOUCHED -> Role.TOUCHED;
                    case NEIGHBOUR -> reads ? Role.CONTROL : Role.TOUCHED;
                    case TRIGGERING -> reads ? Role.CONTROL : Role.UNCLEAR;
                    case FUNCTION -> Role.UNCLEAR;
                    case PLAIN -> Role.CONTROL;
                };
                role = found.compareTo(role) < 0 ? found : role;
            }
        }
        return role;
    }

    /** Whether a statement has to do with the changes and may lock rows, or run code that does. */
    boolean locks(String sql) {
        Role role = role(sql);
        List<SqlToken> tokens = SqlToken.of(sql);
        boolean reads = tokens.isEmpty()
                || (tokens.getFirst().is("select")
                        && tokens.stream().noneMatch(token -> token.is("update") || token.is("share")));
        return role == Role.UNCLEAR || (role == Role.TOUCHED && !reads);
    }
}
