package dev.hone.twin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.Progress;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Evidence;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotFile;
import dev.hone.postgres.Sql;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KeyCounterTest {

    private static final String TABLE = "\"Key's\".\"Pa?ge :x\"";
    private static final int ROWS = 300_000;

    private Source source;
    private Twin twin;
    private Snapshot snapshot;

    @BeforeAll
    void fill() {
        source = Source.empty();
        source.execute("CREATE SCHEMA \"Key's\"; CREATE TYPE \"Key's\".mood AS ENUM ('glad', 'sad')");
        source.execute(
                "CREATE TABLE " + TABLE
                        + " (id int, together int[], apart int[], \"Do\"\"cs\" jsonb, few text[], note text, mood \"Key's\".mood DEFAULT 'sad', moods \"Key's\".mood[] DEFAULT '{sad,glad}')");
        // 30,000 keys each: rows of one stand together, or are anywhere.
        source.execute("INSERT INTO " + TABLE
                + " (id, together, apart, \"Do\"\"cs\", few, note) SELECT i, ARRAY[i / 10], ARRAY[abs(hashint4(i)) % 30000],"
                + " CASE WHEN i % 4 > 0 THEN jsonb_build_object('k' || i % 3, i / 2, 'b', i % 2 = 0) END,"
                + " CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '{}' ELSE ARRAY['x', 'x', NULL] END, 'note ' || i"
                + " FROM generate_series(1, " + ROWS + ") i");
        // What others may have made, which leaves a lock behind whoever runs it.
        String body = " LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_advisory_lock(4711);";
        source.execute("CREATE FUNCTION \"Key's\".seen(int[]) RETURNS int[]" + body + " RETURN $1; END $$;"
                + " CREATE FUNCTION \"Key's\".operated(int[], int) RETURNS int[]" + body + " RETURN $1; END $$;"
                + " CREATE OPERATOR \"Key's\".@@@ (LEFTARG = int[], RIGHTARG = int, FUNCTION = \"Key's\".operated);"
                + " CREATE FUNCTION \"Key's\".fits(int[]) RETURNS boolean" + body + " RETURN true; END $$;"
                + " CREATE DOMAIN \"Key's\".checked AS int[] CHECK (\"Key's\".fits(VALUE));"
                + " CREATE FUNCTION \"Key's\".shown(\"Key's\".mood) RETURNS text" + body + " RETURN 'x'; END $$;"
                + " CREATE CAST (\"Key's\".mood AS text) WITH FUNCTION \"Key's\".shown(\"Key's\".mood)");
        source.analyze();
        snapshot = source.snapshot();
        twin = Twin.build(snapshot, Progress.NONE);
    }

    @AfterAll
    void stop() {
        twin.close();
        source.close();
    }

    private Optional<KeyCounts> count(String table, String expression) {
        return new KeyCounter(source.server())
                .count(
                        new KeyCounter.Column(
                                table,
                                expression.contains("Do") ? "jsonb_ops" : "array_ops",
                                expression,
                                Optional.empty()),
                        -1,
                        source.longs("SELECT pg_relation_size('" + table.replace("'", "''") + "') / 8192")
                                .getFirst());
    }

    private static double keys(KeyCounts counts) {
        return counts.keys(0).stream().mapToDouble(GinSize.Keys::count).sum();
    }

    @Test
    void of_a_small_table_every_key_is_counted() {
        source.execute("CREATE TABLE \"Key's\".small AS SELECT * FROM " + TABLE + " WHERE id <= 5000");
        KeyCounts few = count("\"Key's\".small", "few").orElseThrow();
        assertThat(few.rows()).isEqualTo(5000);
        assertThat(few.nulls()).isEqualTo(1000);
        assertThat(few.without()).isEqualTo(1000);
        assertThat(few.alike())
                .as("x and NULL, each in the same rows")
                .singleElement()
                .satisfies(both -> {
                    assertThat(both.keys()).isEqualTo(2);
                    assertThat(both.rows()).isEqualTo(3000);
                });
        // Names k0 to k2 and b, true and false, the numbers of the rows that have a document, and no document.
        double numbers = source.longs("SELECT count(DISTINCT id / 2) FROM \"Key's\".small WHERE id % 4 > 0")
                .getFirst();
        assertThat(keys(count("\"Key's\".small", "\"Do\"\"cs\"").orElseThrow())).isEqualTo(numbers + 4 + 2 + 1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "jsonb_path_ops | {\"a\": [1, 1.0], \"b\": {\"a\": 1}} | {\"a\": 1} | 2",
                "jsonb_path_ops | {\"a\": null} | {\"a\": \"null\"} | 2",
                "jsonb_ops | {\"a\": [\"b\", \"c\"]} | {\"b\": \"b\"} | 4",
                "jsonb_ops | 7.50 | [7.5, true] | 2"
            })
    void documents_have_the_keys_that_their_index_has(String operatorClass, String one, String other, double keys) {
        source.execute("CREATE TABLE \"Key's\".documents AS SELECT v::jsonb AS \"Do\" FROM (VALUES (" + Sql.literal(one)
                + "), (" + Sql.literal(other) + ")) d(v)");
        source.execute("CREATE EXTENSION IF NOT EXISTS pageinspect SCHEMA public; CREATE INDEX documents_ix ON"
                + " \"Key's\".documents USING gin (\"Do\" " + operatorClass + ")");
        try {
            assertThat(source.longs("SELECT n_entries FROM public.gin_metapage_info(public.get_raw_page("
                            + "'\"Key''s\".documents_ix', 0))"))
                    .as("of the index itself")
                    .containsExactly((long) keys);
            assertThat(keys(new KeyCounter(source.server())
                            .count(
                                    new KeyCounter.Column(
                                            "\"Key's\".documents", operatorClass, "\"Do\"", Optional.empty()),
                                    2,
                                    1)
                            .orElseThrow()))
                    .isEqualTo(keys);
        } finally {
            source.execute("DROP TABLE \"Key's\".documents");
        }
    }

    @Test
    void a_sample_tells_keys_that_stand_together_from_those_apart() {
        for (String column : List.of("together", "apart")) {
            KeyCounts counts = count(TABLE, column).orElseThrow();
            assertThat(counts.share()).isBetween(0.01, 0.5);
            assertThat(counts.all()).isCloseTo(ROWS, Percentage.withPercentage(15));
            assertThat(keys(counts)).as(column).isCloseTo(30_000, Percentage.withPercentage(20));
        }
    }

    @ParameterizedTest
    @CsvSource({"together", "apart", "\"Do\"\"cs\"", "few", "'apart, few'"})
    void with_counted_keys_sizes_are_near(String keys) {
        source.execute("CREATE INDEX real ON " + TABLE + " USING gin (" + keys + ")");
        long real = source.longs("SELECT pg_relation_size('\"Key''s\".real') / 8192")
                .getFirst();
        source.execute("DROP INDEX \"Key's\".real");
        twin.countKeys(new KeyCounter(source.server()));
        assertThat(estimated(twin, keys)).isCloseTo(real, Percentage.withPercentage(30));
    }

    private static long estimated(Twin twin, String keys) {
        HypotheticalIndex index = twin.create(
                new CreateIndex("Key's", "Pa?ge :x", "ix", false, "gin", List.of(keys.split(", ")), List.of(), null));
        twin.drop(index);
        return index.pages();
    }

    @Test
    void a_snapshot_keeps_what_was_counted(@TempDir Path folder) {
        Path file = folder.resolve("keys.hone");
        SnapshotFile.write(KeyEvidence.count(source.server(), snapshot, Progress.NONE), file);
        Snapshot read = SnapshotFile.read(file);
        assertThat(KeyEvidence.of(read).keySet().stream().map(KeyCounter.Column::expression))
                .containsExactlyInAnyOrder(
                        Sql.identifier("together"),
                        Sql.identifier("apart"),
                        Sql.identifier("few"),
                        Sql.identifier("Do\"cs"),
                        Sql.identifier("Do\"cs"));
        try (Twin far = Twin.build(read, Progress.NONE);
                Twin near = Twin.build(snapshot, Progress.NONE)) {
            near.countKeys(new KeyCounter(source.server()));
            assertThat(estimated(far, "together")).isEqualTo(estimated(near, "together"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(\"Key's\".seen(apart))",
                "(apart OPERATOR(\"Key's\".@@@) 1)",
                "(apart::\"Key's\".checked)",
                "(ARRAY[mood::text])",
                "moods"
            })
    void code_of_others_is_not_run_for_it(String expression) {
        String ran = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711";
        twin.countKeys(new KeyCounter(source.server()));
        try {
            assertThat(estimated(twin, expression)).isPositive();
        } catch (HoneException e) {
            assertThat(e).as("there can be no such index").hasMessageContaining("Cannot create index");
        }
        assertThat(source.longs(ran)).containsExactly(0L);
    }

    @Test
    void code_of_others_would_leave_a_trace() {
        String ran = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711";
        for (String expression : List.of(
                "(\"Key's\".seen(apart))",
                "(apart OPERATOR(\"Key's\".@@@) 1)",
                "(apart::\"Key's\".checked)",
                "(ARRAY[mood::text])")) {
            count(TABLE, expression);
            assertThat(source.longs(ran)).as(expression).containsExactly(1L);
            source.execute("SELECT pg_advisory_unlock_all()");
        }
        count(TABLE, "moods");
        assertThat(source.longs(ran)).as("elements become texts without a cast").containsExactly(0L);
    }

    @Test
    void what_may_not_be_read_or_is_not_there_is_not_counted() {
        source.execute("CREATE ROLE \"key reader\"");
        try (Server other = Server.connect(source.local().address("postgres"))) {
            other.handle().execute("SET ROLE \"key reader\"");
            assertThat(new KeyCounter(other)
                            .count(new KeyCounter.Column(TABLE, "array_ops", "few", Optional.empty()), ROWS, 1))
                    .isEmpty();
        }
        assertThat(count(TABLE, "nowhere")).isEmpty();
        assertThat(source.longs("SELECT 1")).as("and the connection goes on").containsExactly(1L);
    }

    @Test
    void somebody_elses_function_of_the_name_is_not_pg_trgms() {
        source.execute("CREATE FUNCTION public.show_trgm(text) RETURNS text[] LANGUAGE plpgsql AS"
                + " $$ BEGIN PERFORM pg_advisory_lock(4711); RETURN ARRAY[$1]; END $$");
        try {
            assertThat(new KeyCounter(source.server())
                            .count(new KeyCounter.Column(TABLE, "gin_trgm_ops", "note", Optional.empty()), ROWS, 5_000))
                    .isEmpty();
        } finally {
            source.execute("DROP FUNCTION public.show_trgm(text)");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "{}",
                "{\"share\": 1, \"rows\": -1, \"nulls\": 0, \"without\": 0, \"alike\": []}",
                "{\"share\": 0, \"rows\": 9, \"nulls\": 0, \"without\": 0, \"alike\": []}",
                "{\"share\": 1, \"rows\": 1e999, \"nulls\": 0, \"without\": 0, \"alike\": []}",
                "{\"share\": 1, \"rows\": 9, \"nulls\": 0, \"without\": 0, \"alike\": [null]}",
                "{\"share\": 1, \"rows\": 9, \"nulls\": 0, \"without\": 0, \"alike\": [{\"pages\": 1, \"rows\": 1, \"keys\": \"NaN\", \"width\": 1, \"far\": 0}]}",
                "{\"share\": 1e-9, \"rows\": 1e12, \"nulls\": 0, \"without\": 0, \"alike\": [{\"pages\": 3, \"rows\": 1e12, \"keys\": 1e12, \"width\": 3e9, \"far\": 1e12}]}"
            })
    void counts_that_somebody_wrote_into_a_file_do_no_harm(String counts) {
        Object written = Json.object("{\"counts\": " + counts + "}").get("counts");
        Map<String, Object> row = new HashMap<>();
        row.put("table", Sql.identifier("Key's", "Pa?ge :x"));
        row.put("column", "together");
        row.put("operatorClass", "array_ops");
        row.put("counts", written);
        Snapshot touched = snapshot.with(new Evidence("keys", List.of(row), null), List.of());
        KeyEvidence.of(touched)
                .values()
                .forEach(kept -> assertThat(GinSize.of(kept.keys(0), kept.all(), 20, false, true)
                                .pages())
                        .isBetween(1L, RelationFile.MOST_PAGES));
    }
}
