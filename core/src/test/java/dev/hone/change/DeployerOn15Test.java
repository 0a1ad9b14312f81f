package dev.hone.change;

import static dev.hone.change.Bench.index;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.postgres.Catalog;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The main path on an older server: PostgreSQL 15 of this machine. */
class DeployerOn15Test {

    @Test
    void applies_waits_and_undoes_with_partitions_and_odd_names() throws Exception {
        Optional<Installation> debian = Installation.local(15);
        assumeTrue(debian.isPresent() || "true".equals(System.getenv("HONE_REQUIRE_REAL")), "no PostgreSQL 15 here");
        try (LocalServer local = LocalServer.start(debian.orElseThrow(), Map.of())) {
            Bench bench = Bench.on(
                    local,
                    "CREATE SCHEMA \"Über\"",
                    "CREATE TABLE \"Über\".\"T \"\"1\" (\"Id\" int PRIMARY KEY, \"Nö\" text)",
                    "INSERT INTO \"Über\".\"T \"\"1\" SELECT i, 'x' FROM generate_series(1, 1000) i",
                    "CREATE INDEX \"Alt\" ON \"Über\".\"T \"\"1\" (upper(\"Nö\")) WHERE \"Id\" > 5",
                    "CREATE TABLE events (id int, at int) PARTITION BY RANGE (at)",
                    "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (100)",
                    "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (100) TO (200)");
            Catalog before = bench.catalog();
            String old = bench.ask("SELECT pg_get_indexdef('\"Über\".\"Alt\"'::regclass)");
            List<Change> changes = List.of(
                    index("Über", "T \"1", "Neu", "\"Nö\" text_pattern_ops"),
                    new DropIndex("Über", "Alt", String.valueOf(old)),
                    index("public", "events", "events_at", "at"),
                    new Analyze("Über", "T \"1"));
            Bench.Heard heard = new Bench.Heard();
            try (Server other = Server.connect(bench.address())) {
                other.handle().begin();
                other.handle().execute("UPDATE \"Über\".\"T \"\"1\" SET \"Nö\" = 'y' WHERE \"Id\" = 1");
                CompletableFuture<DeploymentResult> running = CompletableFuture.supplyAsync(
                        () -> Deployer.apply(bench.address(), changes, Bench.OPTIONS, heard));
                Bench.await(
                        "the blocker is named",
                        () -> heard.all().stream().anyMatch(detail -> detail.contains("idle in transaction")));
                other.handle().rollback();
                assertThat(running.get().complete()).isTrue();
            }
            assertThat(bench.states()).containsOnly(StepState.APPLIED).hasSize(4);
            assertThat(bench.invalidIndexes()).isEmpty();

            assertThat(bench.undo().complete()).isTrue();
            assertThat(CatalogDiff.between(before, bench.catalog())).isEmpty();
        }
    }
}
