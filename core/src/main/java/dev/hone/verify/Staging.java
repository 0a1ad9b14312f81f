package dev.hone.verify;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.change.Change;
import dev.hone.change.CreateIndex;
import dev.hone.change.DeployOptions;
import dev.hone.change.Deployer;
import dev.hone.change.DeploymentRecord;
import dev.hone.change.DeploymentResult;
import dev.hone.change.Journal;
import dev.hone.change.StepState;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * A database in which indexes come and go for a trial: a copy that its owner keeps for that, or the source itself. They come and go by journaled deployments, so that
 * one that was cut short is known, and taken back by the next verification or by {@code hone undo}.
 *
 * <p>Sets of indexes are told apart inside transactions that are rolled back: a superuser marks an index as invalid, any
 * other role drops it. Other sessions see none of that, and a lost connection leaves nothing of it; a drop keeps them from
 * the table for as long as one query runs.
 */
final class Staging implements Stage {

    /** How the names of indexes begin that were built to be tried. */
    static final String PREFIX = "hone_verify_";

    /** Of all trials in a database; "hone try" in bytes. */
    private static final long LOCK = 0x686f_6e65_2074_7279L;

    private final ServerAddress address;
    private final Runner runner;
    private final boolean source;
    private final boolean superuser;
    private final boolean writes;
    private final boolean journalWasThere;
    private final List<Option> options = new ArrayList<>();
    private final List<String> deployments = new ArrayList<>();
    private int number;

    private Staging(
            ServerAddress address,
            Runner runner,
            boolean source,
            boolean superuser,
            boolean writes,
            boolean journalWasThere) {
        this.address = address;
        this.runner = runner;
        this.source = source;
        this.superuser = superuser;
        this.writes = writes;
        this.journalWasThere = journalWasThere;
    }

    /**
     * Connects, and takes back what a verification left that was cut short.
     *
     * @param writes whether the workload has statements that write
     * @throws HoneException of kind {@code REFUSED} if it is the source itself, or a standby, or has not the source's tables
     */
    static Staging open(
            ServerAddress address, @Nullable ServerAddress source, Snapshot snapshot, boolean writes, Progress progress)
            throws SQLException {
        try (Server server = Server.connect(address)) {
            requireOther(server, source);
            requireFit(server, snapshot);
            Runner runner = alone(address, false);
            sweep(server, progress);
            runner.begin();
            return new Staging(address, runner, false, isSuperuser(server), writes, hasJournal(server));
        } catch (JdbiException e) {
            throw HoneException.failed(
                    "Cannot look at the staging copy " + address + ": " + e.getMessage(),
                    "Nothing was built there.",
                    e);
        }
    }

    /**
     * Connects to the database itself, and takes back what a verification left that was cut short.
     *
     * @throws HoneException of kind {@code REFUSED} if the role is no superuser, or it is a standby
     */
    static Staging source(ServerAddress address, Snapshot snapshot, Progress progress) throws SQLException {
        try (Server server = Server.connect(address)) {
            requireFit(server, snapshot);
            if (!isSuperuser(server)) {
                throw HoneException.refused(
                        "Trying indexes in the database itself takes a superuser: only one can hide an index from a single"
                                + " session, and dropping it there for a while would keep others from the table",
                        "Nothing was built. Leave --verify-on out, so that Hone makes a copy on this machine; or give a"
                                + " staging copy by its address; or apply the advice with `hone apply --guard`, which takes"
                                + " back what does not help.");
            }
            Runner runner = alone(address, true);
            sweep(server, progress);
            runner.begin();
            return new Staging(address, runner, true, true, false, hasJournal(server));
        } catch (JdbiException e) {
            throw HoneException.failed(
                    "Cannot look at the database " + address + ": " + e.getMessage(), "Nothing was built there.", e);
        }
    }

    /** A session that keeps other trials away: they would take back what was built for this one. */
    private static Runner alone(ServerAddress address, boolean readOnly) throws SQLException {
        Runner runner = Runner.open(address, readOnly);
        try {
            boolean first = runner.text(Sql.tag("alone", "SELECT pg_try_advisory_lock(" + LOCK + ")"))
                    .orElseThrow()
                    .equals("t");
            // No transaction of ours may be what a removal waits for.
            runner.execute("ROLLBACK");
            if (!first) {
                throw HoneException.refused(
                        "Somebody else tries advice at " + address,
                        "Nothing was built. Wait until that is over, or try it elsewhere.");
            }
            return runner;
        } catch (SQLException | RuntimeException e) {
            runner.close();
            throw e;
        }
    }

    private static boolean isSuperuser(Server server) {
        return server.handle()
                .createQuery(Sql.tag("superuser", "SELECT current_setting('is_superuser')::boolean"))
                .mapTo(Boolean.class)
                .one();
    }

    /** Two addresses may be of one database. */
    private static void requireOther(Server server, @Nullable ServerAddress source) {
        if (source == null) {
            return;
        }
        try (Server other = Server.connect(source)) {
            if (identity(server).equals(identity(other))) {
                throw HoneException.refused(
                        "The staging copy " + server.address() + " is the database itself",
                        "Nothing was built. Give a copy of it, or leave --verify-on out: Hone then makes one on this"
                                + " machine.");
            }
        }
    }

    private static String identity(Server server) {
        return server.handle()
                .createQuery(Sql.tag(
                        "identity",
                        "SELECT extract(epoch FROM pg_postmaster_start_time())::text || ' ' || current_setting('port') || ' '"
                                + " || oid || ' ' || current_database() FROM pg_catalog.pg_database WHERE datname ="
                                + " current_database()"))
                .mapTo(String.class)
                .one();
    }

    private static void requireFit(Server server, Snapshot source) {
        record State(boolean standby, String database, String missing, int tables) {}
        String tables = source.catalog().relations().stream()
                .filter(relation ->
                        relation.kind().equals("r") || relation.kind().equals("p"))
                .map(relation -> Sql.literal(relation.qualifiedName()))
                .collect(Collectors.joining(", "));
        State state = server.handle()
                .createQuery(Sql.tag("staging", """
                        SELECT pg_is_in_recovery() AS standby, current_database() AS database, count(t) AS tables,
                               coalesce((array_agg(t ORDER BY t) FILTER (WHERE to_regclass(t) IS NULL))[1], '') AS missing
                        FROM unnest(ARRAY[%s]::text[]) AS t""".formatted(tables)))
                .map((row, context) -> new State(
                        row.getBoolean("standby"),
                        row.getString("database"),
                        row.getString("missing"),
                        row.getInt("tables")))
                .one();
        if (state.standby()) {
            throw HoneException.refused(
                    "The staging copy " + server.address() + " is a standby, where no index can be built",
                    "Nothing was built. Give a copy that takes writes, or leave --verify-on out: Hone then makes one on this"
                            + " machine.");
        }
        if (!state.missing().isEmpty()) {
            throw HoneException.refused(
                    "The staging copy " + server.address() + " has no table " + state.missing(),
                    "Nothing was built. Give a copy of the same database, or leave --verify-on out.");
        }
        if (server.version().major() != source.database().version().major()) {
            throw HoneException.refused(
                    "The staging copy " + server.address() + " runs PostgreSQL " + server.version()
                            + ", the database itself " + source.database().version() + ": their planners differ",
                    "Nothing was built. Give a copy on the same major version, or leave --verify-on out.");
        }
    }

    private static boolean hasJournal(Server server) {
        return server.handle()
                .createQuery(Sql.tag(
                        "journal",
                        "SELECT to_regclass(" + Sql.literal(Journal.SCHEMA + "." + Journal.TABLE) + ") IS NOT NULL"))
                .mapTo(Boolean.class)
                .one();
    }

    /** Takes back what was built to be tried by a Hone that was ended. */
    private static void sweep(Server server, Progress progress) {
        boolean left = false;
        for (DeploymentRecord deployment : Journal.read(server)) {
            if (isTrial(deployment) && deployment.undoable()) {
                Deployer.undo(server.address(), deployment.id(), DeployOptions.DEFAULT, progress);
                left = true;
            }
        }
        if (left) {
            tidy(server);
        }
    }

    private static boolean isTrial(DeploymentRecord deployment) {
        return deployment.steps().stream()
                .allMatch(step -> step.change() instanceof CreateIndex index
                        && index.name().startsWith(PREFIX));
    }

    /** Removes a journal that holds nothing but trials, all taken back. */
    private static void tidy(Server server) {
        try (Server other = Server.connect(server.address())) {
            Journal.alone(server, () -> {
                boolean onlyTrials = Journal.read(other).stream()
                        .allMatch(deployment -> isTrial(deployment) && !deployment.undoable());
                if (onlyTrials) {
                    other.handle().useTransaction(handle -> {
                        handle.execute("SET LOCAL lock_timeout = '2s'");
                        handle.execute("DROP TABLE " + Sql.identifier(Journal.SCHEMA, Journal.TABLE));
                        handle.execute("DROP SCHEMA " + Sql.identifier(Journal.SCHEMA));
                    });
                }
                return onlyTrials;
            });
        } catch (JdbiException | HoneException e) {
            // Something else is in the schema, or somebody is at work with it: then it is not ours alone, and stays.
        }
    }

    @Override
    public String name() {
        return source ? "the database itself" : "the staging copy " + address;
    }

    @Override
    public List<String> notes() {
        return superuser
                ? List.of()
                : List.of(
                        "The role at the staging copy is no superuser, so that indexes were hidden by dropping them in"
                                + " transactions that were rolled back: other sessions there waited meanwhile.");
    }

    @Override
    public Runner runner() {
        return runner;
    }

    @Override
    public void build(List<CreateIndex> wanted, BiConsumer<CreateIndex, String> failed, Progress progress)
            throws SQLException {
        // A transaction of our own must not be what a concurrent build waits for.
        runner.execute("ROLLBACK");
        List<CreateIndex> left = new ArrayList<>(wanted);
        while (!left.isEmpty()) {
            List<Change> changes = new ArrayList<>();
            for (CreateIndex index : left) {
                changes.add(index.named(PREFIX + ++number));
            }
            DeploymentResult result = Deployer.apply(address, changes, DeployOptions.DEFAULT, progress);
            deployments.add(result.deployment());
            int done = 0;
            for (DeploymentResult.Step step : result.steps()) {
                CreateIndex index = left.get(step.number() - 1);
                if (step.state() == StepState.FAILED) {
                    failed.accept(index, step.detail());
                    done++;
                    break;
                }
                if (step.state() != StepState.PLANNED) {
                    note(index, (CreateIndex) changes.get(step.number() - 1));
                    done++;
                }
            }
            left = result.complete() ? List.of() : left.subList(Math.max(1, done), left.size());
        }
        runner.begin();
    }

    private void note(CreateIndex wanted, CreateIndex made) throws SQLException {
        Optional<String> found = runner.text("SELECT i.indexrelid || ' ' || i.indrelid || ' ' ||"
                + " pg_relation_size(i.indexrelid) FROM pg_catalog.pg_index i WHERE i.indexrelid = "
                + Sql.literal(made.subject()) + "::regclass");
        String[] parts = found.orElseThrow().split(" ", -1);
        options.add(new Option.Index(
                wanted, made.name(), Long.parseLong(parts[0]), Long.parseLong(parts[1]), Long.parseLong(parts[2])));
    }

    @Override
    public boolean tells() {
        // ANALYZE would have to wait for what we tell.
        return superuser && !source;
    }

    @Override
    public void offer(List<? extends Option> others) {
        options.addAll(others);
    }

    @Override
    public List<Option> options() {
        return options;
    }

    @Override
    public void show(BitSet visible) throws SQLException {
        List<Option> chosen = visible.stream().mapToObj(options::get).toList();
        runner.begin(Option.settings(chosen));
        String telling = Option.telling(chosen, true);
        if (!telling.isEmpty()) {
            runner.execute(telling);
        }
        List<Option.Index> hidden = new ArrayList<>(Option.indexes(options));
        hidden.removeAll(Option.indexes(chosen));
        if (hidden.isEmpty()) {
            return;
        }
        runner.execute(
                superuser
                        ? Option.flags(hidden, false, writes)
                        : "DROP INDEX "
                                + hidden.stream().map(Option.Index::subject).collect(Collectors.joining(", ")));
    }

    @Override
    public void close() {
        // It keeps other trials away until all is removed.
        try (Runner last = runner) {
            last.execute("ROLLBACK");
            undo();
        } catch (SQLException e) {
            // The session is gone, and its lock with it.
            undo();
        }
        if (!journalWasThere && !deployments.isEmpty()) {
            try (Server server = Server.connect(address)) {
                tidy(server);
            }
        }
    }

    private void undo() {
        List<String> left = new ArrayList<>();
        List<String> why = new ArrayList<>();
        for (String deployment : deployments.reversed()) {
            try {
                DeploymentResult result = Deployer.undo(address, deployment, DeployOptions.DEFAULT, Progress.NONE);
                if (!result.complete()) {
                    left.add(deployment);
                    result.steps().forEach(step -> why.add(step.detail()));
                }
            } catch (HoneException e) {
                left.add(deployment);
                why.add(String.valueOf(e.getMessage()));
            }
        }
        if (!left.isEmpty()) {
            throw HoneException.failed(
                    "Could not remove all indexes that were tried from " + name() + ": " + String.join("; ", why),
                    "They are journaled there: "
                            + left.stream().map(id -> "hone undo " + id).collect(Collectors.joining(", ")) + ".",
                    null);
        }
    }
}
