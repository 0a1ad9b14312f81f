package dev.hone.change;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectWriter;

/**
 * The history of what Hone changed, kept in the database it changed: schema {@code performance_monitoring}, table
 * {@code optimization_log}, a row a step. What is to happen is committed here before it happens, so that a Hone that
 * was killed can be told what it owns. Holds no password, for it is never given one. Not safe for use by several
 * threads at once.
 */
public final class Journal {

    /** The schema that holds the journal. */
    public static final String SCHEMA = "performance_monitoring";

    /** The table that is the journal. */
    public static final String TABLE = "optimization_log";

    private static final String ADD_COLUMN = "ALTER TABLE " + SCHEMA + "." + TABLE
            + " ADD COLUMN IF NOT EXISTS before jsonb, ADD COLUMN IF NOT EXISTS guard jsonb,"
            + " ADD COLUMN IF NOT EXISTS alone boolean";
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final ObjectWriter CHANGE = Json.MAPPER.writerFor(Change.class);

    private final Server server;

    Journal(Server server) {
        this.server = server;
    }

    /**
     * Reads all deployments, oldest first; none if Hone never changed this database.
     *
     * @throws HoneException if the journal is there and this role may not read it
     */
    public static List<DeploymentRecord> read(Server server) {
        return new Journal(server).deployments();
    }

    /** Whether this role could write a journal, creating it if need be. */
    public static PreCheck check(Server server) {
        return new Journal(server).check();
    }

    /**
     * Runs work on the journal's schema while no deployment is at work and none begins. The server's connection is in a
     * transaction meanwhile, which is rolled back at the end: the work itself needs another one.
     *
     * @throws HoneException of kind {@code REFUSED} if a deployment is at work
     */
    public static <T> T alone(Server server, Supplier<T> work) {
        return server.handle().inTransaction(handle -> {
            if (!DeploymentSession.tryLockInTransaction(server, DeploymentSession.ALIVE_LOCK)
                    || !DeploymentSession.tryLockInTransaction(server, DeploymentSession.WORK_LOCK)
                    || !DeploymentSession.tryLockInTransaction(server, DeploymentSession.JOURNAL_LOCK)) {
                throw HoneException.refused(
                        "Another Hone is at work in " + server.address(),
                        "Nothing was changed. Wait for it to end (`hone status` shows it), then try again.");
            }
            return work.get();
        });
    }

    private record State(
            boolean schema,
            boolean mayCreate,
            boolean table,
            boolean mayRead,
            boolean mayWrite,
            boolean ours,
            boolean ofEarlierHone,
            boolean mayAlter,
            @Nullable String strangers,
            String database,
            String role) {}

    private State state() {
        return server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(Journal.class, "journal_state", server.version()))
                        .map((rs, context) -> new State(
                                rs.getBoolean("schema_there"),
                                rs.getBoolean("may_create"),
                                rs.getBoolean("table_there"),
                                rs.getBoolean("may_read"),
                                rs.getBoolean("may_write"),
                                rs.getBoolean("ours"),
                                rs.getBoolean("of_earlier_hone"),
                                rs.getBoolean("may_alter"),
                                rs.getString("strangers"),
                                rs.getString("database"),
                                rs.getString("role")))
                        .one());
    }

    /** Whether this role could write a journal, creating it if need be. */
    PreCheck check() {
        State state = state();
        String role = Sql.identifier(state.role());
        if (state.strangers() != null) {
            return PreCheck.refused(
                    "The journal " + SCHEMA + "." + TABLE + ", or its schema, belongs to " + state.strangers()
                            + ": what it holds would be run as " + role + ".",
                    "Deploy as its owner; or, if you trust what it holds and its triggers, have a superuser run: ALTER"
                            + " SCHEMA " + SCHEMA + " OWNER TO " + role + "; ALTER TABLE IF EXISTS " + SCHEMA + "."
                            + TABLE + " OWNER TO " + role + ";");
        }
        if (!state.table()) {
            return state.mayCreate()
                    ? PreCheck.fine("The journal " + SCHEMA + "." + TABLE + " can be created.")
                    : PreCheck.refused(
                            "Role " + role + " may not create the journal " + SCHEMA + "." + TABLE + ".",
                            state.schema()
                                    ? "Have the schema's owner run: GRANT CREATE, USAGE ON SCHEMA " + SCHEMA + " TO "
                                            + role + ";"
                                    : "Have the database's owner run: GRANT CREATE ON DATABASE "
                                            + Sql.identifier(state.database()) + " TO " + role + ";");
        }
        if (!state.ours()) {
            return PreCheck.refused(
                    "There is a " + SCHEMA + "." + TABLE + " that is not Hone's journal.",
                    "Rename it (ALTER TABLE " + SCHEMA + "." + TABLE + " RENAME TO …), or deploy to another database.");
        }
        if (state.ofEarlierHone() && !state.mayAlter()) {
            return PreCheck.refused(
                    "The journal " + SCHEMA + "." + TABLE + " is of an earlier Hone and lacks a column.",
                    "Have its owner run: " + ADD_COLUMN + ";");
        }
        return state.mayWrite()
                ? PreCheck.fine("The journal " + SCHEMA + "." + TABLE + " is there.")
                : PreCheck.refused(
                        "Role " + role + " may not write to the journal " + SCHEMA + "." + TABLE + ".",
                        "Have its owner run: GRANT USAGE ON SCHEMA " + SCHEMA + " TO " + role
                                + "; GRANT SELECT, INSERT, UPDATE ON " + SCHEMA + "." + TABLE + " TO " + role + ";");
    }

    /** Creates schema and table where they are not there. Two who do so at once take turns. */
    void create() {
        State state = state();
        if (state.table()) {
            if (state.ofEarlierHone()) {
                server.handle().execute(ADD_COLUMN);
            }
            return;
        }
        server.handle().useTransaction(handle -> {
            handle.createQuery(Sql.tag("journal_lock", "SELECT pg_advisory_xact_lock(:class, :object)::text"))
                    .bind("class", DeploymentSession.LOCK_CLASS)
                    .bind("object", DeploymentSession.JOURNAL_LOCK)
                    .mapTo(String.class)
                    .one();
            if (!state.schema()) {
                handle.execute("CREATE SCHEMA IF NOT EXISTS " + SCHEMA);
            }
            handle.execute(Sql.load(Journal.class, "journal/V1__optimization_log", server.version()));
            handle.execute(ADD_COLUMN);
        });
    }

    List<DeploymentRecord> deployments() {
        State state = state();
        if (!state.table() || !state.ours()) {
            return List.of();
        }
        if (!state.mayRead()) {
            throw HoneException.refused(
                    "Role " + Sql.identifier(state.role()) + " may not read the journal " + SCHEMA + "." + TABLE,
                    "Nothing was changed. Have its owner run: GRANT USAGE ON SCHEMA " + SCHEMA + " TO "
                            + Sql.identifier(state.role()) + "; GRANT SELECT ON " + SCHEMA + "." + TABLE + " TO "
                            + Sql.identifier(state.role()) + ";");
        }
        Map<String, DeploymentRecord> found = new LinkedHashMap<>();
        server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(Journal.class, "journal_read", server.version()))
                        .map((rs, context) -> {
                            String id = rs.getString("deployment");
                            List<DeploymentRecord.Step> steps = new ArrayList<>();
                            GuardNote guard = guard(rs.getString("guard"));
                            DeploymentRecord earlier = found.get(id);
                            if (earlier != null) {
                                steps.addAll(earlier.steps());
                                guard = guard == null ? earlier.guard() : guard;
                            }
                            steps.add(step(rs));
                            found.put(
                                    id,
                                    new DeploymentRecord(
                                            id,
                                            rs.getString("changes_digest"),
                                            rs.getTimestamp("created_at").toInstant(),
                                            steps,
                                            guard));
                            return id;
                        })
                        .list());
        return List.copyOf(found.values());
    }

    /** None in the rows of an earlier Hone; what is not understood is none. */
    private static @Nullable GuardNote guard(@Nullable String json) {
        try {
            return json == null ? null : Json.read(json, GuardNote.class);
        } catch (JacksonException e) {
            return null;
        }
    }

    private static DeploymentRecord.Step step(ResultSet rs) throws SQLException {
        try {
            return understood(rs);
        } catch (IllegalArgumentException | JacksonException | NullPointerException e) {
            throw new HoneException(
                    HoneException.Kind.REFUSED,
                    "Step " + rs.getInt("step") + " of deployment " + rs.getString("deployment") + " in the journal "
                            + SCHEMA + "." + TABLE + " is not understood: " + e.getMessage(),
                    "Nothing was changed. Use the Hone that wrote it, or a newer one; if somebody has edited the row, put"
                            + " it right.",
                    e);
        }
    }

    private static DeploymentRecord.Step understood(ResultSet rs) throws SQLException {
        return new DeploymentRecord.Step(
                rs.getInt("step"),
                rs.getString("change_title"),
                change(rs.getString("change")),
                texts(rs, "sql"),
                texts(rs, "undo_sql"),
                StepState.valueOf(rs.getString("state").toUpperCase(Locale.ROOT)),
                rs.getBoolean("alone"),
                List.of(Json.read(rs.getString("indexes"), IndexPart[].class)),
                before(rs.getString("before")),
                instant(rs, "started_at"),
                instant(rs, "finished_at"),
                instant(rs, "undone_at"),
                rs.getString("details"),
                rs.getString("error"),
                rs.getString("applied_by"),
                rs.getString("hone_version"));
    }

    private static @Nullable Change change(String json) {
        try {
            return Json.read(json, Change.class);
        } catch (JacksonException e) {
            return null;
        }
    }

    /** None in the rows of an earlier Hone. */
    private static Map<String, Object> before(@Nullable String json) {
        return json == null ? Map.of() : Json.object(json);
    }

    private static List<String> texts(ResultSet rs, String column) throws SQLException {
        Array array = rs.getArray(column);
        return List.of((String[]) array.getArray());
    }

    private static @Nullable Instant instant(ResultSet rs, String column) throws SQLException {
        Timestamp timestamp = rs.getTimestamp(column);
        return timestamp == null ? null : timestamp.toInstant();
    }

    /** Tells one list of changes from another. */
    static String digest(List<Change> changes) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Change change : changes) {
                digest.update(json(change).getBytes(StandardCharsets.UTF_8));
                digest.update((byte) '\n');
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String json(Change change) {
        return CHANGE.writeValueAsString(change);
    }

    /** Writes down a new deployment, every step planned, and returns its id. */
    String begin(List<Change> changes, List<DeploymentPlan.Step> planned, String honeVersion) {
        byte[] random = new byte[2];
        new SecureRandom().nextBytes(random);
        Handle journal = server.handle();
        return journal.inTransaction(handle -> {
            String id = handle.createQuery(Sql.tag(
                                    "deployment_id",
                                    "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD-HH24MISS')"))
                            .mapTo(String.class)
                            .one()
                    + "-" + HexFormat.of().formatHex(random);
            String digest = digest(changes);
            for (DeploymentPlan.Step step : planned) {
                handle.createUpdate(Sql.tag("journal_plan", """
                                INSERT INTO performance_monitoring.optimization_log
                                    (deployment, step, changes_digest, change_title, change, sql, undo_sql, state, hone_version)
                                VALUES (:id, :step, :digest, :title, CAST(:change AS jsonb), :sql, :undo, 'planned', :version)"""))
                        .bind("id", id)
                        .bind("step", step.number())
                        .bind("digest", digest)
                        .bind("title", step.change().title())
                        .bind("change", json(step.change()))
                        .bindArray("sql", String.class, step.sql())
                        .bindArray("undo", String.class, step.undoSql())
                        .bind("version", honeVersion)
                        .execute();
            }
            return id;
        });
    }

    /** Writes down where the guard of a deployment stands; in the row of its first step. */
    void guard(String deployment, GuardNote note) {
        server.handle()
                .createUpdate(Sql.tag("journal_guard", """
                        UPDATE performance_monitoring.optimization_log
                        SET guard = CAST(:guard AS jsonb)
                        WHERE deployment = :id AND step = 1"""))
                .bind("id", deployment)
                .bind("guard", Json.MAPPER.writeValueAsString(note))
                .execute();
    }

    /** Adds what the guard found to the details of the steps that were made. */
    void explain(String deployment, String finding) {
        server.handle()
                .createUpdate(Sql.tag("journal_explain", """
                        UPDATE performance_monitoring.optimization_log
                        SET details = concat_ws('; ', details, CAST(:finding AS text))
                        WHERE deployment = :id AND state IN ('applied', 'undone', 'undoing', 'kept')"""))
                .bind("id", deployment)
                .bind("finding", finding)
                .execute();
    }

    /** Commits what is about to be done, before it is done. */
    void intend(
            String deployment,
            int step,
            List<IndexPart> indexes,
            Map<String, Object> before,
            List<String> sql,
            List<String> undoSql) {
        server.handle()
                .createUpdate(Sql.tag("journal_intend", """
                        UPDATE performance_monitoring.optimization_log
                        SET state = 'intended', indexes = CAST(:indexes AS jsonb), before = CAST(:before AS jsonb),
                            sql = :sql, undo_sql = :undo,
                            started_at = coalesce(started_at, clock_timestamp()), finished_at = NULL, details = NULL, error = NULL
                        WHERE deployment = :id AND step = :step"""))
                .bind("id", deployment)
                .bind("step", step)
                .bind("indexes", Json.MAPPER.writeValueAsString(indexes))
                .bind("before", Json.MAPPER.writeValueAsString(before))
                .bindArray("sql", String.class, sql)
                .bindArray("undo", String.class, undoSql)
                .execute();
    }

    /** A step's place in the journal. */
    record Row(String deployment, int step) {

        /** The statement that writes down what is to be remembered, for another connection to run. */
        String remember(Record before) {
            return "UPDATE " + SCHEMA + "." + TABLE + " SET before = "
                    + Sql.literal(Json.MAPPER.writeValueAsString(before)) + " WHERE deployment = "
                    + Sql.literal(deployment) + " AND step = " + step;
        }

        /** The same for one component of what is remembered already. */
        String remember(String component, Object value) {
            return "UPDATE " + SCHEMA + "." + TABLE + " SET before = jsonb_set(before, "
                    + Sql.literal("{" + component + "}") + ", " + Sql.literal(Json.MAPPER.writeValueAsString(value))
                    + ") WHERE deployment = " + Sql.literal(deployment) + " AND step = " + step;
        }
    }

    /** Writes down how a step of an apply ended. */
    void finish(String deployment, int step, StepState state, @Nullable Long indexOid, String details) {
        server.handle()
                .createUpdate(Sql.tag("journal_finish", """
                        UPDATE performance_monitoring.optimization_log
                        SET state = :state, index_oid = CAST(:oid AS bigint)::oid, details = nullif(:details, ''), error = NULL,
                            started_at = coalesce(started_at, clock_timestamp()), finished_at = clock_timestamp()
                        WHERE deployment = :id AND step = :step"""))
                .bind("id", deployment)
                .bind("step", step)
                .bind("state", name(state))
                .bind("oid", indexOid)
                .bind("details", details)
                .execute();
    }

    /** Writes down why a step, or its undoing, did not succeed. */
    void fail(String deployment, int step, StepState state, String error) {
        server.handle()
                .createUpdate(Sql.tag("journal_fail", """
                        UPDATE performance_monitoring.optimization_log
                        SET state = :state, error = :error, finished_at = clock_timestamp()
                        WHERE deployment = :id AND step = :step"""))
                .bind("id", deployment)
                .bind("step", step)
                .bind("state", name(state))
                .bind("error", error)
                .execute();
    }

    /**
     * Writes down where the undoing of a step stands.
     *
     * @param alone whether it is taken back by itself, and the others stay
     */
    void undo(String deployment, int step, StepState state, boolean alone, String details) {
        server.handle()
                .createUpdate(Sql.tag("journal_undo", """
                        UPDATE performance_monitoring.optimization_log
                        SET state = :state, alone = :alone, details = nullif(:details, ''), undone_at = clock_timestamp(),
                            error = CASE WHEN :state = 'undoing' THEN error END
                        WHERE deployment = :id AND step = :step"""))
                .bind("id", deployment)
                .bind("step", step)
                .bind("state", name(state))
                .bind("alone", alone)
                .bind("details", details)
                .execute();
    }

    /** Plans the steps anew that were taken back by themselves: what is there before them now is another thing than then. */
    void planAgain(String deployment) {
        server.handle()
                .createUpdate(Sql.tag("journal_again", """
                        UPDATE performance_monitoring.optimization_log
                        SET state = 'planned', alone = false, indexes = '[]', index_oid = NULL, before = NULL,
                            started_at = NULL, finished_at = NULL, undone_at = NULL, details = NULL, error = NULL
                        WHERE deployment = :id AND alone AND state = 'undone'"""))
                .bind("id", deployment)
                .execute();
    }

    private static String name(StepState state) {
        return state.name().toLowerCase(java.util.Locale.ROOT);
    }

    /** Whether a step that was begun and not finished, forth or back, says that this index is Hone's own. */
    boolean ownsUnfinished(IndexPart part) {
        return deployments().stream()
                .flatMap(deployment -> deployment.steps().stream())
                .filter(step -> switch (step.state()) {
                    case INTENDED, FAILED, UNDOING -> true;
                    case PLANNED, APPLIED, ALREADY, UNDONE, KEPT -> false;
                })
                .flatMap(step -> step.indexes().stream())
                .anyMatch(part::same);
    }

    Optional<DeploymentRecord> find(String id) {
        return deployments().stream()
                .filter(deployment -> deployment.id().equals(id))
                .findFirst();
    }
}
