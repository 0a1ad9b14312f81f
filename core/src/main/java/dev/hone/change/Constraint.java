package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A constraint as the server has it.
 *
 * @param kind pg_constraint.contype
 * @param definition pg_get_constraintdef's text, which ends in {@code NOT VALID} if it is not
 * @param inherited whether it came from a parent table
 * @param index name of the index it rests on; null for none
 */
record Constraint(
        String kind,
        String definition,
        boolean validated,
        boolean inherited,
        @Nullable String index,
        @Nullable String comment) {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    static Optional<Constraint> find(Server server, String schema, String table, String name) {
        return server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(Constraint.class, "constraint", server.version()))
                        .bind("schema", schema)
                        .bind("table", table)
                        .bind("name", name)
                        .map((rs, context) -> new Constraint(
                                rs.getString("kind"),
                                rs.getString("definition"),
                                rs.getBoolean("validated"),
                                rs.getBoolean("inherited"),
                                rs.getString("index_name"),
                                rs.getString("comment")))
                        .findOne());
    }
}
