package dev.hone.advise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Progress;
import dev.hone.change.CreateIndex;
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
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HintsTest {

    private static Snapshot snapshot;
    private static Twin twin;

    @BeforeAll
    static void start() {
        try (LocalServer local = LocalServer.start(Installation.embedded(), Map.of("jit", "off"));
                Server server = Server.connect(local.address("postgres"))) {
            Handle h = server.handle();
            h.execute("CREATE TABLE a (id bigint PRIMARY KEY, b_id int, x int, name text, at timestamptz)");
            h.execute("INSERT INTO a SELECT i, i % 5000, i % 1000, 'name ' || i,"
                    + " timestamptz '2026-01-01Z' + i * interval '1 minute' FROM generate_series(1, 120000) i");
            h.execute("CREATE TABLE b (id int PRIMARY KEY, y int, note text)");
            h.execute("INSERT INTO b SELECT i, i % 100, 'n' FROM generate_series(1, 5000) i");
            h.execute("CREATE TABLE small (id int PRIMARY KEY, name text)");
            h.execute("INSERT INTO small SELECT i, 'n' || i FROM generate_series(1, 50) i");
            h.execute("VACUUM ANALYZE");
            snapshot = SnapshotReader.whole(List.of()).read(server, Progress.NONE);
            twin = Twin.build(snapshot, Progress.NONE);
        }
    }

    @AfterAll
    static void stop() {
        twin.close();
    }

    private static List<Hint> hints(String sql, List<List<@Nullable String>> samples) {
        return Hints.of(
                twin,
                snapshot,
                new Workload("test", List.of(new Workload.Query("q", sql, 1, null, null, samples))),
                List.of());
    }

    private static List<String> rules(String sql) {
        return hints(sql, List.of()).stream().map(Hint::rule).toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "offset-paging | SELECT * FROM a ORDER BY id LIMIT 20 OFFSET 100000",
                "order-by-random | SELECT * FROM a ORDER BY random() LIMIT 5",
                "not-in-null | SELECT * FROM a WHERE b_id NOT IN (1, NULL)",
                "not-in-null | SELECT * FROM a WHERE name NOT IN ('x', NULL, 'y')",
                "not-in-subquery | SELECT * FROM a WHERE b_id NOT IN (SELECT y FROM b WHERE note = 'n')",
                "leading-wildcard | SELECT * FROM a WHERE name LIKE '%77'",
                "leading-wildcard | SELECT * FROM a WHERE name ILIKE '_ame%'",
                "count-everything | SELECT count(*) FROM a",
                "implicit-cast | SELECT * FROM a WHERE id = 5.0",
                "implicit-cast | SELECT * FROM a WHERE b_id = $1::numeric",
                "or-across-tables | SELECT * FROM a JOIN b ON b.id = a.b_id WHERE a.x = 5 OR b.y = 7",
                "subquery-per-row | SELECT b.id, (SELECT count(*) FROM a WHERE a.b_id = b.id) FROM b",
            })
    void what_no_index_helps_is_seen(String rule, String sql) {
        assertThat(hints(sql, List.of())).singleElement().satisfies(hint -> {
            assertThat(hint.rule()).isEqualTo(rule);
            assertThat(hint.query()).isEqualTo("q");
            assertThat(hint.sql()).isEqualTo(sql);
            assertThat(List.of(hint.what(), hint.why(), hint.example()))
                    .allSatisfy(text -> assertThat(text).isNotBlank());
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // A first page; a word in a literal, a comment, a quoted name; a name of somebody's own.
                "SELECT * FROM a ORDER BY id LIMIT 20 OFFSET 40",
                "SELECT * FROM a WHERE name = 'x OFFSET 100000' AND x > 1",
                "SELECT * FROM a /* OFFSET 100000 ORDER BY random() */ WHERE x > 1",
                "SELECT x AS \"order by random()\" FROM a WHERE x > 1",
                // NOT EXISTS is a join; a list of constants is no subquery.
                "SELECT * FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.y = a.b_id)",
                "SELECT * FROM a WHERE x NOT IN (1, 2, 3)",
                // The beginning is known; the pattern is another literal's.
                "SELECT * FROM a WHERE name LIKE 'name 7%'",
                "SELECT * FROM a WHERE name = 'LIKE ''%x'",
                // Some rows only; a small table.
                "SELECT count(*) FROM a WHERE x = 3",
                "SELECT count(*) FROM small",
                "SELECT * FROM a WHERE name NOT IN ('x', 'NULL', 'y')",
                "SELECT * FROM small ORDER BY random()",
                // The same type; an immutable function, which an index can hold.
                "SELECT * FROM a WHERE x = 5",
                "SELECT * FROM a WHERE x = 5::bigint",
                "SELECT * FROM a WHERE lower(name) = 'name 5'",
                // One table; hashed once, or an index look-up for each of a few rows.
                "SELECT * FROM a JOIN b ON b.id = a.b_id WHERE a.x = 5 OR a.b_id = 7",
                "SELECT * FROM a WHERE b_id IN (SELECT id FROM b WHERE y = 3)",
                "SELECT * FROM a WHERE x IN (1, 2, 3)",
                "SELECT * FROM a WHERE 'unclosed",
            })
    void what_is_well_is_left_alone(String sql) {
        assertThat(rules(sql)).isEmpty();
    }

    @Test
    void a_long_list_is_seen_and_its_length_said() {
        String list = IntStream.range(0, 300).mapToObj(i -> "(" + i + " + 1)").collect(Collectors.joining(", "));
        assertThat(hints("SELECT * FROM a WHERE x IN (" + list + ")", List.of()))
                .singleElement()
                .satisfies(hint -> assertThat(hint.what()).contains("300 values"));
    }

    @Test
    void sampled_parameters_tell_what_the_text_does_not() {
        String paging = "SELECT * FROM a ORDER BY id LIMIT $1 OFFSET $2";
        assertThat(hints(paging, List.of(List.of("20", "0"), List.of("20", "50000"))))
                .singleElement()
                .satisfies(hint -> assertThat(hint.what()).contains("50000"));
        assertThat(hints(paging, List.of(List.of("20", "0"), List.of("20", "40"))))
                .isEmpty();
        String pattern = "SELECT * FROM a WHERE name LIKE $1";
        assertThat(hints(pattern, List.of(List.of("%7"), List.of("%8")))).hasSize(1);
        assertThat(hints(pattern, List.of(List.of("name 7%"), List.of("%8")))).isEmpty();
        assertThat(hints(pattern, List.of())).isEmpty();
    }

    @Test
    void a_recommended_index_that_serves_the_query_silences_the_hint() {
        String sql = "SELECT b.id, (SELECT count(*) FROM a WHERE a.b_id = b.id) FROM b WHERE b.y < 50";
        assertThat(rules(sql)).containsExactly("subquery-per-row");
        Recommendation index = new Recommendation(
                new CreateIndex("public", "a", "a_b_id_idx", false, "btree", List.of("\"b_id\""), List.of(), null),
                "r",
                1,
                List.of(),
                List.of());
        assertThat(Hints.of(
                        twin,
                        snapshot,
                        new Workload("t", List.of(new Workload.Query("q", sql, 1, null, null, List.of()))),
                        List.of(index)))
                .isEmpty();
        assertThat(rules(sql)).as("the twin is as before").containsExactly("subquery-per-row");
    }
}
