package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A table that is, was or will be a partition of another.
 *
 * @param attached whether it is, also while it is being detached
 * @param pending whether a concurrent detaching was begun and not finished
 * @param belongings its indexes and constraints, as statements tell them: {@code INDEX "s"."i"}, {@code CONSTRAINT "c"}
 */
record Partition(
        boolean attached,
        boolean attachedElsewhere,
        boolean pending,
        @Nullable String bound,
        boolean defaultThere,
        List<String> belongings) {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** None if there is no such table. */
    static Optional<Partition> find(
            Server server, String parentSchema, String parent, DropOldPartitions.Partition partition) {
        return server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(Partition.class, "partition", server.version()))
                        .bind("parent_schema", parentSchema)
                        .bind("parent", parent)
                        .bind("schema", partition.schema())
                        .bind("name", partition.name())
                        .map((rs, context) -> new Partition(
                                rs.getBoolean("attached"),
                                rs.getBoolean("elsewhere"),
                                rs.getBoolean("pending"),
                                rs.getString("bound"),
                                rs.getBoolean("default_there"),
                                List.of((String[]) rs.getArray("belongings").getArray())))
                        .findOne());
    }

    /** The statements that remove what it has beyond what it had. */
    List<String> removal(String table, List<String> before) throws SQLException {
        List<String> sql = new ArrayList<>();
        for (String one : belongings) {
            if (!before.contains(one)) {
                sql.add(
                        one.startsWith("CONSTRAINT ")
                                ? "ALTER TABLE " + table + " DROP CONSTRAINT IF EXISTS "
                                        + one.substring("CONSTRAINT ".length())
                                : "DROP INDEX IF EXISTS " + one.substring("INDEX ".length()));
            }
        }
        return sql;
    }
}
