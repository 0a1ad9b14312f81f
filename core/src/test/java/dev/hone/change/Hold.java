package dev.hone.change;

import dev.hone.postgres.Server;
import org.jspecify.annotations.Nullable;

/** Something that a deployment is held up by until it is closed, so that the deployment can be ended just there. */
interface Hold extends AutoCloseable {

    /** The server process of the deployment that is held; null if there is none. */
    @Nullable String held();

    /** Lets all go on. The server may have gone meanwhile. */
    @Override
    void close();

    /** An open transaction of somebody else, for the end of which statements of a change wait. */
    record Transaction(Bench bench, Server holder) implements Hold {

        private static final String WAITING = "SELECT pid::text FROM pg_stat_activity WHERE application_name = 'hone'"
                + " AND datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%hone:change%'";

        /** One that has written to the tables, and so holds locks on them. */
        static Hold ofWriter(Bench bench) {
            return begin(
                    bench,
                    "READ COMMITTED",
                    "UPDATE plain SET a = a WHERE id = 1",
                    "UPDATE events SET id = id WHERE at IN (1, 201)",
                    "UPDATE events_2 SET id = id WHERE at = 101");
        }

        /** One that has an old snapshot, and no lock on the tables. */
        static Hold ofSnapshot(Bench bench) {
            return begin(bench, "REPEATABLE READ", "SELECT FROM pg_class LIMIT 1");
        }

        private static Hold begin(Bench bench, String isolation, String... statements) {
            Server holder = Server.connect(bench.address());
            holder.handle().execute("BEGIN ISOLATION LEVEL " + isolation);
            for (String statement : statements) {
                holder.handle().execute(statement);
            }
            return new Transaction(bench, holder);
        }

        @Override
        public @Nullable String held() {
            return bench.ask(WAITING);
        }

        @Override
        public void close() {
            try {
                holder.close();
            } catch (RuntimeException e) {
                // Its session has gone with the server.
            }
        }
    }
}
