package dev.hone.change;

import static dev.hone.change.Bench.index;
import static dev.hone.change.Bench.ofKind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Secret;
import dev.hone.postgres.Server;
import dev.hone.postgres.SnapshotReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A deployment to a server with a replica: it pauses for one that falls behind, and says when one has failed. */
class ReplicaTest {

    @Test
    void a_replica_that_falls_behind_makes_it_pause_and_one_that_fails_is_named() throws Exception {
        try (LocalServer primary = LocalServer.start(Installed.chosen(), Map.of("autovacuum", "off"));
                LocalServer standby = LocalServer.start(Installed.chosen(), Map.of())) {
            Bench bench = Bench.on(
                    primary,
                    "CREATE TABLE plain (id int PRIMARY KEY, a int, b text)",
                    "INSERT INTO plain SELECT i, i, 'x' FROM generate_series(1, 1000) i",
                    "SELECT pg_create_physical_replication_slot('spare', true)");
            follow(primary, standby);
            Bench replica = new Bench(standby.address(bench.address().database()));
            Bench.await("it streams", () -> "streaming".equals(bench.ask("SELECT state FROM pg_stat_replication")));
            assertThat(standbys(primary)).isEqualTo(1);
            assertThat(standbys(standby)).as("itself").isEqualTo(1);

            CreateIndex change = index("public", "plain", "plain_a_idx", "a");
            assertThat(Deployer.plan(bench.address(), List.of(change), Bench.OPTIONS)
                            .checks())
                    .extracting(PreCheck::message)
                    .anyMatch(message -> message.startsWith("One replica streams, at most "));

            replica.ask("SELECT pg_wal_replay_pause()::text");
            bench.run("INSERT INTO plain SELECT i, i, repeat('y', 100) FROM generate_series(1001, 9000) i");
            Bench.Heard heard = new Bench.Heard();
            Limits limits = Limits.NONE.withReplicaLagBytes(100_000).withPoll(Duration.ofMillis(20));
            CompletableFuture<DeploymentResult> running = CompletableFuture.supplyAsync(
                    () -> Deployer.apply(bench.address(), List.of(change), Bench.OPTIONS.withLimits(limits), heard));
            Bench.await("it pauses", () -> heard.all().size() > 3);
            assertThat(heard.all())
                    .allMatch(detail -> detail.startsWith("pausing: replica 'spare' (process ")
                            && detail.contains(" behind (limit 97.7 kB)"));
            assertThat(bench.ask("SELECT to_regclass('plain_a_idx')::text")).isNull();
            replica.ask("SELECT pg_wal_replay_resume()::text");
            assertThat(running.get().complete()).isTrue();
            assertThat(running.get().checks())
                    .extracting(PreCheck::message)
                    .anyMatch(message -> message.startsWith("The deployment will begin with a pause: replica 'spare'"));

            Bench ordinary = ordinaryRole(primary);
            synchronous(bench, "spare");
            Bench.await(
                    "it waits for it", () -> "sync".equals(bench.ask("SELECT sync_state FROM pg_stat_replication")));
            PreCheck unseen = Deployer.plan(ordinary.address(), List.of(), Bench.OPTIONS).checks().stream()
                    .filter(check -> check.message().contains("synchronous_standby_names"))
                    .findFirst()
                    .orElseThrow();
            assertThat(unseen.level()).isEqualTo(PreCheck.Level.WARNING);
            assertThat(unseen.message()).contains("'spare'", "cannot be seen: role \"ordinary\" may not read it");
            assertThat(unseen.advice()).contains("GRANT pg_read_all_stats TO \"ordinary\"");
            CreateIndex own = index("public", "plain", "plain_a_idx", "a");
            assertThat(ordinary.apply(own).complete()).isTrue();
            assertThat(Deployer.undo(ordinary.address(), null, Bench.OPTIONS, Progress.NONE)
                            .complete())
                    .isTrue();
            synchronous(bench, "");

            standby.stop(LocalServer.StopMode.IMMEDIATE);
            Bench.await("it is gone", () -> bench.ask("SELECT state FROM pg_stat_replication") == null);
            assertThat(standbys(primary)).as("its slot waits for it").isEqualTo(1);
            CreateIndex other = index("public", "plain", "plain_b_idx", "b");
            assertThat(Deployer.plan(bench.address(), List.of(other), Bench.OPTIONS)
                            .checks())
                    .filteredOn(check -> check.level() == PreCheck.Level.WARNING)
                    .extracting(PreCheck::message)
                    .anyMatch(message -> message.startsWith("Nobody is connected to replication slot 'spare'"));

            // A commit would now wait for ever: set it without one that waits.
            synchronous(bench, "spare");
            assertThatThrownBy(() -> bench.apply(other))
                    .satisfies(ofKind(HoneException.Kind.REFUSED))
                    .hasMessageContaining("No replica of synchronous_standby_names ('spare') is connected")
                    .satisfies(e -> assertThat(((HoneException) e).advice()).contains("ALTER SYSTEM"));
            assertThat(bench.ask("SELECT to_regclass('plain_b_idx')::text")).isNull();
            // That nobody at all is connected is seen by everybody.
            assertThatThrownBy(() -> ordinary.apply(own))
                    .hasMessageContaining("No replica of synchronous_standby_names");
        }
    }

    /** A database of a role that may not read statistics of others. */
    private static Bench ordinaryRole(LocalServer primary) {
        Bench bench = Bench.on(
                primary,
                "CREATE ROLE ordinary LOGIN PASSWORD 'x'",
                "CREATE TABLE plain (id int PRIMARY KEY, a int)",
                "ALTER TABLE plain OWNER TO ordinary",
                "GRANT CREATE ON SCHEMA public TO ordinary");
        bench.run("GRANT CREATE ON DATABASE " + bench.address().database() + " TO ordinary");
        return new Bench(bench.address().withUser("ordinary", new Secret("x")));
    }

    /** How many servers with counters of their own a Snapshot knows of. */
    private static int standbys(LocalServer of) {
        try (Server server = Server.connect(of.address("postgres"))) {
            return SnapshotReader.whole(List.of())
                    .read(server, Progress.NONE)
                    .activity()
                    .standbys();
        }
    }

    private static void synchronous(Bench bench, String names) throws InterruptedException {
        bench.run("ALTER SYSTEM SET synchronous_standby_names = '" + names + "'", "SELECT pg_reload_conf()");
        Bench.await("it is set", () -> names.equals(bench.ask("SHOW synchronous_standby_names")));
    }

    /** Gives the standby the primary's files, and tells it to follow. */
    private static void follow(LocalServer primary, LocalServer standby) throws IOException {
        String port = Files.readAllLines(standby.data().resolve("postgresql.auto.conf")).stream()
                .filter(line -> line.startsWith("port"))
                .findFirst()
                .orElseThrow();
        standby.stop(LocalServer.StopMode.FAST);
        primary.stop(LocalServer.StopMode.FAST);
        try (Stream<Path> old = Files.walk(standby.data())) {
            for (Path one : old.sorted(Comparator.reverseOrder())
                    .filter(one -> !one.equals(standby.data()))
                    .toList()) {
                Files.delete(one);
            }
        }
        try (Stream<Path> files = Files.walk(primary.data())) {
            for (Path one : files.filter(one -> !one.equals(primary.data())).toList()) {
                Files.copy(
                        one,
                        standby.data().resolve(primary.data().relativize(one).toString()),
                        StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        try (Stream<Path> slots = Files.walk(standby.data().resolve("pg_replslot/spare"))) {
            for (Path one : slots.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(one);
            }
        }
        var address = primary.address("postgres");
        String connection = "host=127.0.0.1 port=" + address.port() + " user=postgres application_name=spare password="
                + java.util.Objects.requireNonNull(address.password()).reveal();
        Files.writeString(
                standby.data().resolve("postgresql.auto.conf"),
                "\n" + port + "\nprimary_conninfo = '" + connection + "'\nprimary_slot_name = 'spare'\n"
                        + "wal_receiver_status_interval = 1\n",
                StandardOpenOption.APPEND);
        Files.createFile(standby.data().resolve("standby.signal"));
        primary.start();
        standby.start();
    }
}
