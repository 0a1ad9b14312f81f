package dev.hone.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Progress;
import dev.hone.postgres.BlindSpot;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Secret;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotFile;
import dev.hone.postgres.SnapshotReader;
import dev.hone.postgres.Statistics.ColumnStatistics;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read of a server, on every major version that Hone serves. */
class MajorsTest {

    @ParameterizedTest
    @ValueSource(ints = {13, 14, 15, 16, 17, 18})
    void snapshot_and_every_check_are_read_without_error(int major, @TempDir Path folder) {
        try (LocalServer local = LocalServer.start(Installed.major(major), Map.of());
                Server server = Server.connect(local.address("postgres"))) {
            fill(server.handle());
            Snapshot snapshot =
                    SnapshotReader.whole(Checks.queries(server.version())).read(server, Progress.NONE);

            assertThat(snapshot.database().version().major()).isEqualTo(major);
            assertThat(snapshot.evidence().values())
                    .hasSizeGreaterThan(Checks.all().size())
                    .allSatisfy(answer ->
                            assertThat(answer.unavailable()).as(answer.id()).isNull());
            assertThat(Checks.diagnose(snapshot).lights()).hasSameSizeAs(Checks.all());
            assertThat(snapshot.catalog().types()).hasSize(4);
            assertThat(snapshot.catalog().statisticsObjects()).hasSize(1);
            assertThat(snapshot.statistics().extended()).singleElement().satisfies(row -> {
                assertThat(row.columns()).containsExactly("m", "Größe");
                assertThat(row.dependencies()).isNotNull();
                assertThat(row.mostCommonValues()).contains("sad");
            });
            assertThat(snapshot.catalog().indexes())
                    .anySatisfy(index -> assertThat(index.keys()).containsExactly(0, 3));
            assertThat(column(snapshot, "during").rangeBoundsHistogram()).startsWith("{");
            assertThat(column(snapshot, "during").rangeEmptyFraction()).isEqualTo(0.5f);
            assertThat(column(snapshot, "m").mostCommonValues()).contains("sad");

            Path file = folder.resolve("s.hone");
            SnapshotFile.write(snapshot, file);
            assertThat(SnapshotFile.read(file)).isEqualTo(snapshot);

            poorRole(server, local, major);
        }
    }

    /** Before version 17 the statistics of ranges are for those only who may read pg_statistic itself. */
    private static void poorRole(Server server, LocalServer local, int major) {
        server.handle().execute("CREATE ROLE reader LOGIN PASSWORD 'pw'");
        server.handle().execute("GRANT USAGE ON SCHEMA \"Odd \"\"Schema\" TO reader");
        server.handle().execute("GRANT SELECT ON ALL TABLES IN SCHEMA \"Odd \"\"Schema\", public TO reader");
        try (Server poor = Server.connect(local.address("postgres").withUser("reader", new Secret("pw")))) {
            Snapshot snapshot = SnapshotReader.whole(List.of()).read(poor, Progress.NONE);
            String cure = "GRANT SELECT ON pg_catalog.pg_statistic TO \"reader\";";
            if (major >= 17) {
                assertThat(column(snapshot, "during").rangeBoundsHistogram()).isNotNull();
                assertThat(snapshot.blindSpots()).extracting(BlindSpot::cure).doesNotContain(cure);
            } else {
                assertThat(column(snapshot, "during").rangeBoundsHistogram()).isNull();
                assertThat(snapshot.blindSpots()).extracting(BlindSpot::cure).contains(cure);
                server.handle().execute(cure);
                Snapshot cured = SnapshotReader.whole(List.of()).read(poor, Progress.NONE);
                assertThat(column(cured, "during").rangeBoundsHistogram()).isNotNull();
            }
        }
    }

    private static ColumnStatistics column(Snapshot snapshot, String name) {
        return snapshot.statistics().columns().stream()
                .filter(column -> column.column().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static void fill(Handle h) {
        String table = "\"Odd \"\"Schema\".\"Mixed Case\"";
        h.execute("CREATE SCHEMA \"Odd \"\"Schema\"");
        h.execute("CREATE TYPE mood AS ENUM ('sad', 'it''s ok')");
        h.execute("CREATE DOMAIN positive AS int NOT NULL CHECK (VALUE > 0)");
        h.execute("CREATE TYPE span AS RANGE (SUBTYPE = int)");
        h.execute("CREATE TYPE pair AS (a int, b text)");
        h.execute("CREATE TABLE " + table + " (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m mood,"
                + " \"Größe\" positive DEFAULT 1, doc jsonb, during span,"
                + " twice int GENERATED ALWAYS AS (\"Größe\" * 2) STORED)");
        h.execute("INSERT INTO " + table + " (m, \"Größe\", during) SELECT 'sad', i % 10 + 1, CASE WHEN i % 2 = 0 THEN"
                + " 'empty' ELSE span(i, i + 5) END FROM generate_series(1, 1000) i");
        h.execute("CREATE INDEX ON " + table + " (lower(doc->>'a'), \"Größe\") INCLUDE (id) WHERE m IS NOT NULL");
        h.execute("CREATE STATISTICS st ON m, \"Größe\" FROM " + table);
        h.execute("CREATE TABLE p (k int, v text) PARTITION BY RANGE (k)");
        h.execute("CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)");
        h.execute("CREATE INDEX ON p (k)");
        h.execute("CREATE VIEW v AS SELECT k FROM p");
        h.execute("CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1'");
        h.execute("ANALYZE");
    }
}
