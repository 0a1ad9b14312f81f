package dev.hone.advise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hone.Progress;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a recommended index is said to cost the statements that write. */
class WriteCostTest {

    private static LocalServer local;
    private static Snapshot snapshot;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installation.embedded(), Map.of("jit", "off"));
        try (Server server = Server.connect(local.address("postgres"))) {
            Handle h = server.handle();
            h.execute("CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, note text)");
            h.execute("INSERT INTO orders SELECT i, i % 5000, repeat('n', 50) FROM generate_series(1, 100000) i");
            h.execute("VACUUM ANALYZE");
            snapshot = SnapshotReader.whole(List.of()).read(server, Progress.NONE);
        }
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    private static Workload.Query query(String id, String sql, double calls, String... sample) {
        return new Workload.Query(
                id, sql, calls, null, null, sample.length == 0 ? List.of() : List.of(List.of(sample)));
    }

    @Test
    void each_statement_that_writes_is_told_its_entries_and_its_lost_updates_in_place() {
        Workload workload = new Workload(
                "t",
                List.of(
                        query("read", "SELECT id FROM orders WHERE customer = $1", 1000, "42"),
                        query(
                                "insert",
                                "INSERT INTO orders VALUES ($1, $2, 'x'), ($1 + 1, $2, 'x')",
                                10,
                                "200000",
                                "7"),
                        query("moves", "UPDATE orders SET customer = $1 WHERE id = $2", 20, "7", "9"),
                        query("notes", "UPDATE orders SET note = $1 WHERE id = $2", 30, "y", "9")));
        List<Recommendation> all;
        try (Twin twin = Twin.build(snapshot, Progress.NONE)) {
            all = IndexAdvisor.advise(twin, snapshot, workload, AdviceOptions.DEFAULT, Progress.NONE)
                    .recommendations();
        }
        assertThat(all).singleElement().satisfies(one -> {
            Map<String, Recommendation.Upkeep> upkeep =
                    one.upkeep().stream().collect(Collectors.toMap(Recommendation.Upkeep::query, each -> each));
            assertThat(upkeep).containsOnlyKeys("insert", "moves", "notes");
            Recommendation.Upkeep insert = upkeep.get("insert");
            Recommendation.Upkeep moves = upkeep.get("moves");
            Recommendation.Upkeep notes = upkeep.get("notes");
            assertThat(insert.entriesPerCall()).isEqualTo(2);
            assertThat(insert.hotLostPerCall()).isZero();
            // Nobody has counted updates yet, so that half of them are taken to stay in place.
            assertThat(moves.entriesPerCall()).isEqualTo(1);
            assertThat(moves.hotLostPerCall()).isEqualTo(0.5);
            assertThat(notes.entriesPerCall()).isEqualTo(0.5);
            assertThat(notes.hotLostPerCall()).isZero();
            double entry = insert.costPerCall() / 2;
            assertThat(entry).isBetween(1.0, 3.0);
            assertThat(notes.costPerCall()).isCloseTo(entry / 2, within(0.001));
            // An update that leaves its place needs an entry in the primary key too.
            assertThat(moves.costPerCall()).isCloseTo(entry * 1.5, within(0.1));
            assertThat(one.upkeep())
                    .extracting(Recommendation.Upkeep::query)
                    .containsExactly("moves", "insert", "notes");
            assertThat(one.effects()).anySatisfy(effect -> {
                assertThat(effect.query()).isEqualTo("moves");
                assertThat(effect.gains()).isFalse();
                assertThat(effect.costAfter() - effect.costBefore()).isCloseTo(moves.costPerCall(), within(0.001));
            });
        });
    }
}
