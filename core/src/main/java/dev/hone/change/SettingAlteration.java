package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Setting a server parameter. */
record SettingAlteration(AlterSetting change) implements Operation {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration RELOAD_POLL = Duration.ofMillis(20);
    private static final int RELOAD_POLLS = 250;

    /**
     * The value of the scope's own.
     *
     * @param value null for none
     */
    private record Before(@Nullable String value) {}

    @Override
    public Outlook look(Surroundings surroundings) {
        Server server = surroundings.server();
        Setting setting = Setting.find(server, change.name()).orElse(null);
        Optional<Outlook> refused = change.scope() == AlterSetting.Scope.SYSTEM
                ? refusedForSystem(server, setting)
                : refusedByTrial(server);
        if (refused.isPresent()) {
            return refused.get();
        }
        @Nullable String now = now(server);
        if (surroundings.begun() && wanted(now)) {
            // Set by an earlier run, which knows what was there before it.
            return ready(surroundings.journaled().before(Before.class).orElse(new Before(now)), setting);
        }
        return wanted(now) ? Outlook.already("is so already") : ready(new Before(now), setting);
    }

    private Outlook ready(Before before, @Nullable Setting setting) {
        return Outlook.ready(
                before,
                change.sql(),
                change.statements(before.value()),
                setting != null && setting.needsRestart() ? "takes effect when the server is restarted" : "");
    }

    private boolean wanted(@Nullable String now) {
        String value = change.value();
        return value == null ? now == null : now != null && SettingList.same(change.name(), value, now);
    }

    /** ALTER SYSTEM runs in no transaction, so that the server cannot be asked without doing it. */
    private Optional<Outlook> refusedForSystem(Server server, @Nullable Setting setting) {
        if (setting == null) {
            return Optional.of(Outlook.refused(
                    "the server knows no setting " + change.name(),
                    "If it belongs to an extension, load that first (shared_preload_libraries); otherwise correct the"
                            + " name."));
        }
        if (setting.context().equals("internal")) {
            return Optional.of(Outlook.refused(
                    change.name() + " cannot be set at all: it tells how the server was built or its cluster made",
                    "Take the change out of the proposal."));
        }
        Optional<String> missing = server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(SettingAlteration.class, "system_settings", server.version()))
                        .bind("name", setting.name())
                        .mapTo(String.class)
                        .findOne());
        if (missing.isPresent()) {
            return Optional.of(Outlook.refused("this role may not alter the server's settings", missing.get()));
        }
        String value = change.value();
        return (value == null ? Optional.<String>empty() : setting.refuses(value))
                .map(why -> Outlook.refused(change.name() + ": " + why, "Correct the value."));
    }

    /** The server judges name, value and privilege in a transaction that is rolled back. */
    private Optional<Outlook> refusedByTrial(Server server) {
        Connection connection = server.handle().getConnection();
        try {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.setEscapeProcessing(false);
                statement.execute("SET LOCAL lock_timeout = '5s'");
                statement.execute(change.sql().getFirst());
                return Optional.empty();
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        } catch (SQLException e) {
            return Optional.of(Outlook.refused(
                    "the server refuses " + change.title() + ": " + Failure.text(e),
                    "Correct the change, or deploy as a role that may make it: the owner of the database, or one with"
                            + " CREATEROLE."));
        }
    }

    /** The scope's own value; null for none. */
    private @Nullable String now(Server server) {
        String query = change.scope() == AlterSetting.Scope.SYSTEM ? "system_setting" : "scoped_setting";
        Optional<String> found = server.read(PATIENCE, handle -> {
            Query statement = handle.createQuery(Sql.load(SettingAlteration.class, query, server.version()))
                    .bind("name", change.name());
            if (change.scope() != AlterSetting.Scope.SYSTEM) {
                statement.bind("role", change.role()).bind("database", change.database());
            }
            return statement.mapTo(String.class).findOne();
        });
        return found.orElse(null);
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        run(workbench, outlook.sql());
    }

    private void run(Workbench workbench, List<String> statements) throws SQLException {
        @Nullable String loaded = loaded(workbench.control());
        for (String sql : statements) {
            workbench.runQueueing(sql);
        }
        if (change.scope() == AlterSetting.Scope.SYSTEM) {
            // The server tells its sessions by a signal, and each heeds it before its next statement.
            for (int i = 0; i < RELOAD_POLLS && Objects.equals(loaded, loaded(workbench.control())); i++) {
                Pause.of(RELOAD_POLL);
            }
        }
    }

    private static @Nullable String loaded(Server server) {
        return server.handle()
                .createQuery(Sql.tag("loaded", "SELECT pg_conf_load_time()::text"))
                .mapTo(String.class)
                .one();
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) throws SQLException {
        @Nullable String now = now(workbench.control());
        if (!wanted(now)) {
            throw new SQLException("after the change, " + change.name() + " is " + now, "XX000");
        }
        if (change.scope() != AlterSetting.Scope.SYSTEM) {
            return Outcome.applied("holds for sessions that begin from now on");
        }
        return Outcome.applied(Setting.find(workbench.control(), change.name())
                .map(setting -> setting.pendingRestart()
                        ? "takes effect when the server is restarted; until then it is " + setting.shown()
                        : "in effect")
                .orElse(""));
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        Before before = journaled.before(Before.class).orElse(new Before(null));
        @Nullable String now = now(workbench.control());
        if (!wanted(now) && !Objects.equals(now, before.value())) {
            return Outcome.kept("by now " + change.name() + " is " + (now == null ? "not set there" : now));
        }
        run(workbench, change.statements(before.value()));
        return Outcome.undone(before.value() == null ? "as before: not set there" : "as before: " + before.value());
    }
}
