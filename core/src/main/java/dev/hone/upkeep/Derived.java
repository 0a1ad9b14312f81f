package dev.hone.upkeep;

import dev.hone.HoneException;
import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import dev.hone.workload.SqlToken;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;

/** What is kept up to date with a table. */
public sealed interface Derived {

    /** A materialized view, refreshed as a whole. */
    record View(String schema, String name) implements Derived {

        private static final Duration PATIENCE = Duration.ofSeconds(30);

        /**
         * Reads it.
         *
         * @param name as in SQL: quoted where it must be, qualified or in {@code public}
         * @throws HoneException of kind {@code USAGE} if there is no such materialized view
         */
        public static View read(Server server, String name) {
            Optional<View> found;
            try {
                found = server.read(
                        PATIENCE,
                        handle -> handle.createQuery(Sql.load(Derived.class, "view_shape", server.version()))
                                .bind("name", name)
                                .map((rs, context) -> new View(rs.getString("schema"), rs.getString("name")))
                                .findOne());
            } catch (UnableToExecuteStatementException e) {
                // parse_ident: not a name at all.
                found = Optional.empty();
            }
            return found.orElseThrow(
                    () -> HoneException.usage(
                            "There is no materialized view " + name,
                            "Nothing was changed. Create it first, with a unique index so that it can be read while it is refreshed."));
        }

        /** PL/pgSQL that refreshes it: so that it can be read meanwhile if it has rows and a unique index by then. */
        String refreshSql() {
            String view = Sql.identifier(schema, name);
            return """
                    IF EXISTS (SELECT FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid
                               WHERE c.oid = %s::regclass AND c.relispopulated AND i.indisunique AND i.indisvalid
                                 AND i.indpred IS NULL AND i.indexprs IS NULL) THEN
                        REFRESH MATERIALIZED VIEW CONCURRENTLY %s;
                    ELSE
                        REFRESH MATERIALIZED VIEW %s;
                    END IF;
                    """.formatted(Sql.literal(view), view, view);
        }
    }

    /**
     * Rows that one statement brings up to date, for the keys in a relation {@code dirty}.
     *
     * @param keys unquoted columns of the table that tell what to bring up to date; those of {@code dirty}
     * @param sql an INSERT, UPDATE, DELETE or MERGE, possibly with a WITH before it
     */
    record Batch(List<String> keys, String sql) implements Derived {

        private static final Pattern WRITES =
                Pattern.compile("\\s*(INSERT|UPDATE|DELETE|MERGE)\\s.*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
        private static final Pattern WITH =
                Pattern.compile("\\s*WITH\\s+(RECURSIVE\\s+)?(.*)", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

        public Batch {
            keys = List.copyOf(keys);
            sql = sql.strip().replaceFirst("\\s*;$", "");
            if (keys.isEmpty()) {
                throw new IllegalArgumentException("a batch needs keys");
            }
            if (SqlToken.of(sql).stream().anyMatch(token -> token.is(";"))) {
                throw HoneException.usage(
                        "There is more than one statement to run: " + sql,
                        "Nothing was changed. Give one; WITH makes one of several.");
            }
            if (!WRITES.matcher(sql).matches() && !WITH.matcher(sql).matches()) {
                throw HoneException.usage(
                        "The statement to run does not write: " + sql,
                        "Nothing was changed. Give an INSERT, UPDATE, DELETE or MERGE that reads its keys from: dirty");
            }
        }

        /** The statement with further queries before its own. */
        String after(String queries) {
            Matcher with = WITH.matcher(sql);
            return with.matches()
                    ? "WITH " + (with.group(1) == null ? "" : "RECURSIVE ") + queries + ",\n" + with.group(2)
                    : "WITH " + queries + "\n" + sql;
        }
    }
}
