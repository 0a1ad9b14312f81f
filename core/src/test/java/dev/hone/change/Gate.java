package dev.hone.change;

import dev.hone.postgres.Server;
import org.jspecify.annotations.Nullable;

/**
 * Holds a deployment up at a chosen point, so that it can be ended just there: before the journal is told of a state, or
 * before a statement of a change begins. The one that is held waits for an advisory lock.
 */
final class Gate implements Hold {

    private static final String HELD = "SELECT pid::text FROM pg_locks WHERE locktype = 'advisory' AND objid = 77"
            + " AND classid = 0 AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

    private final Bench bench;
    private final Server holder;

    private Gate(Bench bench, Server holder) {
        this.bench = bench;
        this.holder = holder;
    }

    /** Prepares a database; from then on the gate stands open. */
    static void build(Bench bench) {
        try (Server server = Server.connect(bench.address())) {
            new Journal(server).create();
        }
        bench.run(
                "CREATE SCHEMA gate",
                "CREATE TABLE gate.target (point text, number int)",
                """
                CREATE FUNCTION gate.pass(at text) RETURNS void LANGUAGE plpgsql AS $$
                BEGIN
                    IF at = (SELECT point FROM gate.target) THEN
                        -- Counted in the session: a sequence would give the transaction an id, which some DDL does not bear.
                        PERFORM set_config('gate.passed', (coalesce(nullif(current_setting('gate.passed', true), ''), '0')::int + 1)::text, false);
                        IF current_setting('gate.passed')::int = (SELECT number FROM gate.target) THEN
                            PERFORM pg_advisory_lock(77);
                            PERFORM pg_advisory_unlock(77);
                        END IF;
                    END IF;
                END$$""",
                """
                CREATE FUNCTION gate.journal() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF NEW.state <> OLD.state THEN
                        PERFORM gate.pass(NEW.state);
                    END IF;
                    RETURN NEW;
                END$$""",
                """
                CREATE FUNCTION gate.statement() RETURNS event_trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF current_query() LIKE '%hone:change%' THEN
                        PERFORM gate.pass('statement');
                    END IF;
                END$$""",
                "CREATE TRIGGER gate BEFORE UPDATE ON performance_monitoring.optimization_log FOR EACH ROW EXECUTE FUNCTION gate.journal()",
                "CREATE EVENT TRIGGER gate ON ddl_command_start EXECUTE FUNCTION gate.statement()");
    }

    /** Closes the gate before a state is journaled, or before the statement of a number. */
    static Gate close(Bench bench, String point, int number) {
        bench.run("DELETE FROM gate.target", "INSERT INTO gate.target VALUES ('" + point + "', " + number + ")");
        Server holder = Server.connect(bench.address());
        holder.handle().execute("SELECT pg_advisory_lock(77)");
        return new Gate(bench, holder);
    }

    @Override
    public @Nullable String held() {
        // By the session that is there: a new one may take longer than the deployment waits.
        return holder.handle().createQuery(HELD).mapTo(String.class).findOne().orElse(null);
    }

    /** Opens it for all. The server may have gone meanwhile. */
    @Override
    public void close() {
        try {
            holder.close();
        } catch (RuntimeException e) {
            // Its session has gone with the server.
        }
        bench.run("DELETE FROM gate.target");
    }
}
