package dev.hone.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.Progress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotReaderTest {

    private static LocalServer local;
    private static Server server;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installation.embedded(), Map.of());
        server = Server.connect(local.address("postgres"));
        Handle h = server.handle();
        h.execute("CREATE SCHEMA \"Odd \"\"Schema\"");
        h.execute("CREATE TYPE mood AS ENUM ('sad', 'it''s ok')");
        h.execute("CREATE DOMAIN positive AS int NOT NULL CHECK (VALUE > 0)");
        h.execute(
                "CREATE TABLE \"Odd \"\"Schema\".\"Mixed Case\" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                        + " m mood, \"Größe\" positive DEFAULT 1, doc jsonb, twice int GENERATED ALWAYS AS (\"Größe\" * 2) STORED)");
        h.execute(
                "INSERT INTO \"Odd \"\"Schema\".\"Mixed Case\" (m, \"Größe\") SELECT 'sad', i % 10 + 1 FROM generate_series(1, 1000) i");
        h.execute(
                "CREATE INDEX ON \"Odd \"\"Schema\".\"Mixed Case\" (lower(doc->>'a'), \"Größe\") INCLUDE (id) WHERE m IS NOT NULL");
        h.execute("CREATE STATISTICS st ON m, \"Größe\" FROM \"Odd \"\"Schema\".\"Mixed Case\"");
        h.execute("CREATE TABLE p (k int, v text) PARTITION BY RANGE (k)");
        h.execute("CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)");
        h.execute("CREATE INDEX ON p (k)");
        h.execute("CREATE VIEW v AS SELECT k FROM p");
        h.execute("ANALYZE");
    }

    @AfterAll
    static void stop() {
        server.close();
        local.close();
    }

    @Test
    void reads_everything_and_a_file_gives_it_back_equal(@TempDir Path folder) {
        Snapshot snapshot = SnapshotReader.whole(List.of(
                        new Evidence.Query("one", "SELECT 1 AS n, 'x' AS subject"),
                        new Evidence.Query("broken", "SELECT nothing_like_it")))
                .read(server, Progress.NONE);

        assertThat(snapshot.database().version().major()).isEqualTo(18);
        assertThat(snapshot.catalog().schemas()).contains("Odd \"Schema", "public");
        assertThat(snapshot.catalog().types())
                .extracting(Catalog.TypeDefinition::definition)
                .anyMatch(d -> d.equals("AS ENUM ('sad', 'it''s ok')"));
        assertThat(snapshot.catalog().indexes())
                .anySatisfy(index -> {
                    assertThat(index.keys()).containsExactly(0, 3);
                    assertThat(index.included()).containsExactly(1);
                    assertThat(index.predicate()).contains("IS NOT NULL");
                })
                .anySatisfy(index -> assertThat(index.parent()).isPositive());
        assertThat(snapshot.statistics().columns())
                .anySatisfy(column -> assertThat(column.column()).isEqualTo("Größe"));
        assertThat(snapshot.statistics().extended()).hasSize(1);
        assertThat(snapshot.evidence().get("one"))
                .isEqualTo(new Evidence("one", List.of(Map.of("n", 1, "subject", "x")), null));
        assertThat(snapshot.evidence().get("broken").unavailable()).contains("nothing_like_it");
        assertThat(snapshot.blindSpots())
                .singleElement()
                .extracting(BlindSpot::cure)
                .asString()
                .contains("pg_stat_statements");

        Path file = folder.resolve("s.hone");
        SnapshotFile.write(snapshot, file);
        assertThat(SnapshotFile.read(file)).isEqualTo(snapshot);
    }

    @Test
    void a_role_with_nothing_but_login_learns_what_it_cannot_see_and_the_grant_for_it() {
        server.handle().execute("CREATE ROLE \"no one\" LOGIN PASSWORD 'pw'");
        try (Server poor = Server.connect(local.address("postgres").withUser("no one", new Secret("pw")))) {
            Snapshot snapshot = SnapshotReader.whole(List.of()).read(poor, Progress.NONE);
            assertThat(snapshot.blindSpots())
                    .extracting(BlindSpot::cure)
                    .contains("GRANT pg_monitor TO \"no one\";", "GRANT pg_read_all_data TO \"no one\";");
        }
        server.handle().execute("GRANT pg_monitor, pg_read_all_data TO \"no one\"");
        try (Server cured = Server.connect(local.address("postgres").withUser("no one", new Secret("pw")))) {
            Snapshot snapshot = SnapshotReader.whole(List.of()).read(cured, Progress.NONE);
            assertThat(snapshot.blindSpots()).extracting(BlindSpot::cure).noneMatch(cure -> cure.startsWith("GRANT"));
            assertThat(snapshot.statistics().columns()).isNotEmpty();
        }
    }

    @Test
    void a_table_held_exclusively_stops_the_catalog_with_the_holder_named_but_not_the_evidence() {
        try (Server other = Server.connect(local.address("postgres"))) {
            other.handle().begin();
            other.handle().execute("LOCK TABLE p1 IN ACCESS EXCLUSIVE MODE");
            Evidence.Query query = new Evidence.Query("one", "SELECT 1 AS n");
            Snapshot snapshot = SnapshotReader.only(List.of(query)).read(server, Progress.NONE);
            assertThat(snapshot.evidence().get("one").rows()).hasSize(1);
            assertThatThrownBy(() -> SnapshotReader.whole(List.of()).read(server, Progress.NONE))
                    .isInstanceOfSatisfying(
                            HoneException.class,
                            e -> assertThat(e.advice()).contains("public.p1 by process", "Nothing was changed"));
            other.handle().rollback();
        }
    }
}
