package dev.hone.change;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.SnapshotReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.ThrowingConsumer;
import org.jspecify.annotations.Nullable;

/** A fresh database on a real server for one test. */
record Bench(ServerAddress address) {

    private static final AtomicInteger NUMBER = new AtomicInteger();

    /** The index builds of this database; planning's own, on an empty copy, is none of them. */
    static final String BUILDS = " FROM pg_stat_progress_create_index"
            + " WHERE datname = current_database() AND command = 'CREATE INDEX CONCURRENTLY'";

    static final DeployOptions OPTIONS =
            DeployOptions.DEFAULT.withAttempts(3, Duration.ofMillis(50)).withLeftoverWait(Duration.ofMinutes(2));

    static Bench on(LocalServer local, String... statements) {
        Bench bench = copy(local, "template1");
        bench.run(statements);
        return bench;
    }

    /** A copy of a database that nobody is connected to. */
    static Bench copy(LocalServer local, String template) {
        String name = "bench" + NUMBER.incrementAndGet();
        try (Server server = Server.connect(local.address("postgres"))) {
            server.handle().execute("CREATE DATABASE " + name + " TEMPLATE " + template);
        }
        return new Bench(local.address(name));
    }

    void run(String... statements) {
        try (Server server = Server.connect(address)) {
            for (String statement : statements) {
                server.handle().execute(statement);
            }
        }
    }

    @Nullable String ask(String query) {
        try (Server server = Server.connect(address)) {
            return server.handle()
                    .createQuery(query)
                    .mapTo(String.class)
                    .findOne()
                    .orElse(null);
        }
    }

    List<String> askAll(String query) {
        try (Server server = Server.connect(address)) {
            return server.handle().createQuery(query).mapTo(String.class).list();
        }
    }

    Catalog catalog() {
        try (Server server = Server.connect(address)) {
            return new SnapshotReader(Set.of(SnapshotReader.Part.CATALOG), List.of(), Duration.ofSeconds(30))
                    .read(server, Progress.NONE)
                    .catalog();
        }
    }

    List<DeploymentRecord> journal() {
        try (Server server = Server.connect(address)) {
            return Journal.read(server);
        }
    }

    List<StepState> states() {
        return journal().getLast().steps().stream()
                .map(DeploymentRecord.Step::state)
                .toList();
    }

    List<String> invalidIndexes() {
        return askAll("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid OR NOT indisready");
    }

    DeploymentResult apply(Change... changes) {
        return Deployer.apply(address, List.of(changes), OPTIONS, Progress.NONE);
    }

    DeploymentResult undo() {
        return Deployer.undo(address, null, OPTIONS, Progress.NONE);
    }

    /** Takes one step of the last deployment back. */
    DeploymentResult undoStep(int step) {
        return Deployer.undoStep(address, null, step, OPTIONS, Progress.NONE);
    }

    static CreateIndex index(String schema, String table, String name, String... keys) {
        return new CreateIndex(schema, table, name, false, "btree", List.of(keys), List.of(), null);
    }

    static CreateIndex uniqueIndex(String schema, String table, String name, String... keys) {
        return new CreateIndex(schema, table, name, true, "btree", List.of(keys), List.of(), null);
    }

    static ThrowingConsumer<Throwable> ofKind(HoneException.Kind kind) {
        return e -> assertThat(e)
                .isInstanceOfSatisfying(
                        HoneException.class,
                        refused -> assertThat(refused.kind()).isEqualTo(kind));
    }

    /** Waits until something holds; a minute without it is a failure. */
    static void await(String what, BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 1200; i++) {
            if (condition.getAsBoolean()) {
                return;
            }
            Thread.sleep(50);
        }
        throw new AssertionError("did not happen: " + what);
    }

    /** Keeps what is reported. */
    static final class Heard implements Progress {

        final List<Long> positions = new CopyOnWriteArrayList<>();
        final List<String> details = new CopyOnWriteArrayList<>();
        final List<String> labels = new CopyOnWriteArrayList<>();

        @Override
        public Task begin(String label, long total) {
            labels.add(label);
            return (done, detail) -> {
                positions.add(done);
                details.add(detail);
            };
        }

        List<String> all() {
            return new ArrayList<>(details);
        }
    }
}
