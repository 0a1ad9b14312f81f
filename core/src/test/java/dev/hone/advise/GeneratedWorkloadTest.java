package dev.hone.advise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Progress;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Three hundred queries that nobody thought of, on twelve tables. */
class GeneratedWorkloadTest {

    private static final int TABLES = 12;
    private static final int QUERIES = 300;
    private static final List<String> COLUMNS = List.of("id", "parent", "kind", "at", "amount", "name", "flag");

    private static LocalServer local;
    private static Server server;
    private static Snapshot snapshot;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installation.embedded(), Map.of("jit", "off"));
        server = Server.connect(local.address("postgres"));
        Handle h = server.handle();
        for (int i = 0; i < TABLES; i++) {
            h.execute("CREATE TABLE t" + i + " (id int" + (i % 3 == 0 ? "" : " PRIMARY KEY")
                    + ", parent int, kind int, at timestamptz, amount numeric, name text, flag bool)");
            h.execute("INSERT INTO t" + i + " SELECT i, hashint4(i) % 500, i % " + (5 + 40 * i)
                    + ", timestamptz '2026-01-01Z' + i * interval '1 minute', (i * 7919) % 1000,"
                    + " md5(i::text), i % 50 = 0 FROM generate_series(1, " + (500 + 900 * i) + ") i");
            h.execute("CREATE INDEX ON t" + i + " (" + COLUMNS.get(1 + i % 5) + ")");
        }
        h.execute("VACUUM ANALYZE");
        snapshot = SnapshotReader.whole(List.of()).read(server, Progress.NONE);
    }

    @AfterAll
    static void stop() {
        server.close();
        local.close();
    }

    private static Workload workload() {
        Random random = new Random(7);
        List<Workload.Query> queries = new ArrayList<>();
        for (int i = 0; i < QUERIES; i++) {
            queries.add(new Workload.Query("q" + i, sql(random), 1 + random.nextInt(1000), null, null, List.of()));
        }
        return new Workload("generated", queries);
    }

    private static String sql(Random random) {
        String table = "t" + random.nextInt(TABLES);
        String other = "t" + random.nextInt(TABLES);
        return switch (random.nextInt(8)) {
            case 0 -> "INSERT INTO " + table + " (id, parent, kind) VALUES ($1, $2, $3)";
            case 1 ->
                "UPDATE " + table + " SET " + (random.nextBoolean() ? "kind = 1" : "name = 'x'") + " WHERE "
                        + condition(random, "");
            case 2 ->
                "SELECT b.name FROM " + table + " a JOIN " + other + " b ON b.parent = a.id WHERE "
                        + condition(random, "a.");
            case 3 -> "SELECT kind, count(*) FROM " + table + " WHERE " + condition(random, "") + " GROUP BY kind";
            case 4 ->
                "SELECT * FROM " + table + " WHERE " + condition(random, "") + " ORDER BY "
                        + COLUMNS.get(random.nextInt(6)) + " LIMIT 10";
            case 5 -> "SELECT * FROM " + table + " WHERE " + condition(random, "") + " OR " + condition(random, "");
            case 6 -> "SELECT nowhere FROM " + table;
            default -> "SELECT * FROM " + table + " WHERE " + condition(random, "") + " AND " + condition(random, "");
        };
    }

    private static String condition(Random random, String alias) {
        return alias
                + switch (random.nextInt(7)) {
                    case 0 -> "id = $1";
                    case 1 -> "parent = " + random.nextInt(500);
                    case 2 -> "kind = " + random.nextInt(9);
                    case 3 -> "at > timestamptz '2026-01-05Z'";
                    case 4 -> "amount BETWEEN 3 AND 5";
                    case 5 -> "name LIKE 'ab%'";
                    default -> "flag";
                };
    }

    @Test
    void several_twins_or_one_and_again_give_the_same_advice() {
        Workload workload = workload();
        AdviceOptions options = AdviceOptions.DEFAULT.withTimeLimit(Duration.ofMinutes(5));
        List<Twin> twins = Twin.build(snapshot, 2, Progress.NONE);
        try {
            Advice several = IndexAdvisor.advise(twins, snapshot, workload, options, Progress.NONE);
            Advice one = IndexAdvisor.advise(twins.getLast(), snapshot, workload, options, Progress.NONE);
            assertThat(several.effort().complete()).isTrue();
            assertThat(several.recommendations()).hasSizeGreaterThan(5).isEqualTo(one.recommendations());
            assertThat(several.notes()).isEqualTo(one.notes());
            assertThat(several.costAfter()).isLessThan(several.costBefore()).isEqualTo(one.costAfter());
            assertThat(several.notes()).anyMatch(note -> note.contains("Not planned"));
        } finally {
            twins.forEach(Twin::close);
        }
    }

    @Test
    void it_ends_when_time_is_up_with_what_it_has() {
        Duration limit = Duration.ofSeconds(2);
        try (Twin twin = Twin.build(snapshot, Progress.NONE)) {
            Advice advice = IndexAdvisor.advise(
                    twin, snapshot, workload(), AdviceOptions.DEFAULT.withTimeLimit(limit), Progress.NONE);
            if (!advice.effort().complete()) {
                assertThat(advice.notes()).anyMatch(note -> note.contains("time limit"));
            }
            // Generous, since the machine may be at work on something else.
            assertThat(advice.effort().millis())
                    .isLessThan(limit.multipliedBy(10).toMillis());
        }
    }
}
