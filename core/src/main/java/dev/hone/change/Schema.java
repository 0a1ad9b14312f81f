package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** What a deployment asks the catalogs. Not safe for use by several threads at once. */
final class Schema {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Server server;

    Schema(Server server) {
        this.server = server;
    }

    /** A table, or what else bears the name. */
    record Table(
            long oid,
            String kind,
            String persistence,
            String owner,
            boolean owned,
            boolean mayCreate,
            boolean mayAnalyze,
            boolean mayTemporary,
            String role,
            String database) {

        boolean partitioned() {
            return kind.equals("p");
        }
    }

    Optional<Table> table(String schema, String name) {
        return server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(Schema.class, "table", server.version()))
                        .bind("schema", schema)
                        .bind("name", name)
                        .map((rs, context) -> new Table(
                                rs.getLong("oid"),
                                rs.getString("kind"),
                                rs.getString("persistence"),
                                rs.getString("owner"),
                                rs.getBoolean("owned"),
                                rs.getBoolean("may_create"),
                                rs.getBoolean("may_analyze"),
                                rs.getBoolean("may_temporary"),
                                rs.getString("role"),
                                rs.getString("database")))
                        .findOne());
    }

    /**
     * What bears a name in pg_class.
     *
     * @param definition null if it is no index
     * @param valid whether queries use it and writers maintain it
     * @param constraint a constraint that rests on it; null for none
     * @param parentName the partitioned index it is attached to; null for none
     */
    record Found(
            long oid,
            String kind,
            @Nullable String table,
            @Nullable String definition,
            boolean valid,
            boolean unique,
            boolean replicaIdentity,
            boolean owned,
            @Nullable String constraint,
            @Nullable String parentSchema,
            @Nullable String parentName,
            @Nullable String tablespace,
            List<String> afterwards) {

        boolean partitioned() {
            return kind.equals("I");
        }
    }

    Optional<Found> find(String schema, String name) {
        return server.read(PATIENCE, handle -> find(handle, schema, name));
    }

    private Optional<Found> find(Handle handle, String schema, String name) {
        return handle.createQuery(Sql.load(Schema.class, "index", server.version()))
                .bind("schema", schema)
                .bind("name", name)
                .map((rs, context) -> new Found(
                        rs.getLong("oid"),
                        rs.getString("kind"),
                        rs.getString("table_name"),
                        rs.getString("definition"),
                        rs.getBoolean("valid"),
                        rs.getBoolean("is_unique"),
                        rs.getBoolean("replica_identity"),
                        rs.getBoolean("owned"),
                        rs.getString("constraint_name"),
                        rs.getString("parent_schema"),
                        rs.getString("parent_name"),
                        rs.getString("tablespace"),
                        texts(rs, "afterwards")))
                .findOne();
    }

    private static List<String> texts(ResultSet rs, String column) throws SQLException {
        Array array = rs.getArray(column);
        return List.of((String[]) array.getArray());
    }

    /** An index as it is, with all that are attached to it, as parts to build it again from. */
    List<IndexPart> parts(String schema, String name, Found top) {
        if (!top.partitioned()) {
            return List.of(part(schema, name, 0, top));
        }
        return server.read(PATIENCE, handle -> {
            List<IndexPart> parts = new ArrayList<>();
            handle.createQuery(Sql.load(Schema.class, "index_children", server.version()))
                    .bind("oid", top.oid())
                    .map((rs, context) ->
                            Map.entry(Map.entry(rs.getString("schema"), rs.getString("name")), rs.getInt("level")))
                    .list()
                    .forEach(child -> {
                        String childSchema = child.getKey().getKey();
                        String childName = child.getKey().getValue();
                        find(handle, childSchema, childName)
                                .ifPresent(found -> parts.add(part(childSchema, childName, child.getValue(), found)));
                    });
            return List.copyOf(parts);
        });
    }

    private static IndexPart part(String schema, String name, int level, Found found) {
        return new IndexPart(
                schema,
                name,
                String.valueOf(found.table()),
                level,
                found.partitioned(),
                String.valueOf(found.definition()),
                level == 0 ? null : found.parentSchema(),
                level == 0 ? null : found.parentName(),
                found.tablespace(),
                found.afterwards());
    }

    /** The server process that builds an index at this moment, if it is one. */
    Optional<Integer> builder(long indexOid) {
        return server.handle()
                .createQuery(Sql.load(Schema.class, "index_builder", server.version()))
                .bind("oid", indexOid)
                .mapTo(Integer.class)
                .findOne();
    }

    private record Partition(long oid, String schema, String name, String kind, int level, long parent) {}

    /**
     * The parts that a new index consists of, in the words in which the server will tell their definitions. The server
     * itself says them: it makes the index on an empty copy of the table in a transaction that is rolled back, and so
     * also judges columns, operator classes, expressions and predicate before anything is done.
     *
     * @param extensions statements that create what the definition rests on, to be run in that transaction first
     * @throws SQLException if the server cannot make such an index, or the change is not one statement
     */
    List<IndexPart> parts(CreateIndex change, Table table, List<String> extensions) throws SQLException {
        String shape = shape(change, extensions);
        if (!table.partitioned()) {
            return List.of(new IndexPart(
                    change.schema(),
                    change.name(),
                    change.table(),
                    0,
                    false,
                    definition(change.unique(), change.name(), false, change.schema(), change.table(), shape),
                    null,
                    null,
                    null,
                    List.of()));
        }
        List<Partition> partitions = server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(Schema.class, "partitions", server.version()))
                        .bind("oid", table.oid())
                        .map((rs, context) -> new Partition(
                                rs.getLong("oid"),
                                rs.getString("schema"),
                                rs.getString("name"),
                                rs.getString("kind"),
                                rs.getInt("level"),
                                rs.getLong("parent")))
                        .list());
        Map<Long, IndexPart> byTable = new HashMap<>();
        List<IndexPart> parts = new ArrayList<>();
        for (Partition partition : partitions) {
            if (partition.kind().equals("f")) {
                throw new SQLException(
                        "partition " + Sql.identifier(partition.schema(), partition.name())
                                + " is a foreign table, so the index of the whole could never become valid",
                        "0A000");
            }
            IndexPart parent = byTable.get(partition.parent());
            boolean partitioned = partition.kind().equals("p");
            String name = partition.level() == 0 ? change.name() : IndexName.ofPartition(partition.name(), change);
            IndexPart part = new IndexPart(
                    partition.schema(),
                    name,
                    partition.name(),
                    partition.level(),
                    partitioned,
                    definition(change.unique(), name, partitioned, partition.schema(), partition.name(), shape),
                    parent == null ? null : parent.schema(),
                    parent == null ? null : parent.name(),
                    null,
                    List.of());
            byTable.put(partition.oid(), part);
            parts.add(part);
        }
        return List.copyOf(parts);
    }

    private String definition(boolean unique, String name, boolean only, String schema, String table, String shape) {
        return server.read(
                        PATIENCE,
                        handle -> handle.createQuery(
                                        Sql.tag(
                                                "definition",
                                                "SELECT format('CREATE %sINDEX %I ON %s%I.%I USING ', :unique, :name, :only, :schema, :table)"))
                                .bind("unique", unique ? "UNIQUE " : "")
                                .bind("name", name)
                                .bind("only", only ? "ONLY " : "")
                                .bind("schema", schema)
                                .bind("table", table)
                                .mapTo(String.class)
                                .one())
                + shape;
    }

    /** What follows USING in the server's own words. */
    private String shape(CreateIndex change, List<String> extensions) throws SQLException {
        CreateIndex onCopy = new CreateIndex(
                "pg_temp",
                Trial.TABLE,
                Trial.TABLE + "_idx",
                change.unique(),
                change.method(),
                change.keys(),
                change.include(),
                change.predicate());
        String definition = new Trial(server, change.schema(), change.table(), extensions)
                .of(
                        onCopy.statement(false),
                        "its keys, method or condition",
                        "SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = '" + "pg_temp."
                                + Trial.TABLE + "'::regclass");
        return definition.substring(definition.indexOf(" USING ") + " USING ".length());
    }
}
