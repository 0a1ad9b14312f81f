package dev.hone.twin;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.postgres.Catalog.Column;
import dev.hone.postgres.Catalog.Relation;
import dev.hone.postgres.Installation;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.twin.Session.Step;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A server of our own with the tables of a Snapshot, to be filled with their rows: what a twin is without, so that
 * statements can be run and not only planned. First there are the bare tables; {@link #finish} adds keys, indexes and the
 * rest, which is faster than to fill tables that have them. Not safe for use by several threads at once.
 */
public final class SchemaCopy implements AutoCloseable {

    /** Above every value that a key of the source is likely to have, so that new rows find their place. */
    private static final long NEXT_KEY = 1_000_000_000;

    private final Snapshot snapshot;
    private final TwinServer server;
    private final Session superuser;
    private final Session builder;
    private final SchemaBuilder schema;
    private final List<Step> pending;
    private final List<Omission> omissions;

    private SchemaCopy(
            Snapshot snapshot,
            TwinServer server,
            Session superuser,
            Session builder,
            SchemaBuilder schema,
            List<Step> pending,
            List<Omission> omissions) {
        this.snapshot = snapshot;
        this.server = server;
        this.superuser = superuser;
        this.builder = builder;
        this.schema = schema;
        this.pending = pending;
        this.omissions = omissions;
    }

    /**
     * Starts a server with empty tables.
     *
     * @param settings of the server, over those of a twin
     * @throws HoneException of kind {@code FAILED} if it cannot be had
     */
    public static SchemaCopy start(Snapshot snapshot, Map<String, String> settings, Progress progress) {
        Installation installation =
                Installation.of(snapshot.database().version().major(), progress);
        TwinServer server;
        try {
            server = TwinServer.start(installation, snapshot.database());
        } catch (SQLException e) {
            throw failed(e);
        }
        try {
            server.restart(settings);
            Session superuser = server.superuser();
            Session builder = server.unprivileged();
            List<Omission> omissions = new ArrayList<>();
            SchemaBuilder schema = new SchemaBuilder(snapshot.catalog(), superuser, builder, omissions::add);
            List<Step> pending = schema.begin();
            return new SchemaCopy(snapshot, server, superuser, builder, schema, pending, omissions);
        } catch (SQLException e) {
            server.close();
            throw failed(e);
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /** Adds keys, indexes, defaults, views, statistics objects and the source's planner settings; analyses everything. */
    public void finish() {
        try {
            schema.finish(pending);
            builder.execute("BEGIN");
            builder.attempt(defaults(), (step, reason) -> omissions.add(new Omission(step.object(), reason)));
            builder.execute("COMMIT");
            PlannerSettings.copy(snapshot, superuser, omissions::add);
            superuser.execute("VACUUM (ANALYZE)");
            superuser.execute("CHECKPOINT");
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    /** What the planner does without, and a statement that writes may need. */
    private List<Step> defaults() {
        Map<Long, Relation> tables = new HashMap<>();
        snapshot.catalog().relations().stream()
                .filter(relation ->
                        relation.kind().equals("r") || relation.kind().equals("p"))
                .forEach(relation -> tables.put(relation.oid(), relation));
        List<Step> steps = new ArrayList<>();
        snapshot.catalog().sequences().forEach(sequence -> {
            String name = Sql.identifier(sequence.schema(), sequence.name());
            steps.add(new Step(
                    "position of " + name, "SELECT setval(" + Sql.literal(name) + "::regclass, " + NEXT_KEY + ")"));
        });
        for (Column column : snapshot.catalog().columns()) {
            Relation table = tables.get(column.relation());
            if (table == null || !column.generated().isEmpty()) {
                continue;
            }
            String alter = "ALTER TABLE " + table.qualifiedName() + " ALTER COLUMN " + Sql.identifier(column.name());
            String object = "default of " + table.qualifiedName() + "." + Sql.identifier(column.name());
            if (!column.identity().isEmpty()) {
                steps.add(new Step(
                        object, alter + " ADD GENERATED BY DEFAULT AS IDENTITY (START WITH " + NEXT_KEY + ")"));
            } else if (column.defaultExpression() != null) {
                steps.add(new Step(object, alter + " SET DEFAULT " + column.defaultExpression()));
            }
        }
        return steps;
    }

    /** The database, as the role that owns everything in it and may do nothing else. */
    public ServerAddress owner() {
        return server.ownerAddress();
    }

    /** The database, as superuser: for statements of our own only. */
    public ServerAddress superuser() {
        return server.superuserAddress();
    }

    /** What it does not have of the source. */
    public List<Omission> omissions() {
        return List.copyOf(omissions);
    }

    @Override
    public void close() {
        builder.close();
        superuser.close();
        server.close();
    }

    private static HoneException failed(SQLException e) {
        return HoneException.failed(
                "Cannot make a copy to measure at: " + e.getMessage(),
                "The database is unchanged. Run with --debug for the whole error.",
                e);
    }
}
