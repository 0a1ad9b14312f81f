package dev.hone.twin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Progress;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotFile;
import dev.hone.postgres.Sql;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
        source.execute("CREATE SCHEMA \"Key's\"");
        source.execute("CREATE TABLE " + TABLE
                + " (id int, together int[], apart int[], \"Do\"\"cs\" jsonb, few text[], note text)");
        // 30,000 keys each: rows of one stand together, or are anywhere.
        source.execute("INSERT INTO " + TABLE + " SELECT i, ARRAY[i / 10], ARRAY[abs(hashint4(i)) % 30000],"
                + " CASE WHEN i % 4 > 0 THEN jsonb_build_object('k' || i % 3, i / 2, 'b', i % 2 = 0) END,"
                + " CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '{}' ELSE ARRAY['x', 'x', NULL] END, 'note ' || i"
                + " FROM generate_series(1, " + ROWS + ") i");
        source.execute("CREATE FUNCTION \"Key's\".seen(int[]) RETURNS int[] LANGUAGE plpgsql IMMUTABLE AS"
                + " $$ BEGIN PERFORM pg_advisory_lock(4711); RETURN $1; END $$");
        source.analyze();
        snapshot = source.snapshot();
        twin = Twin.build(snapshot, Progress.NONE);
    }

    @AfterAll
    void stop() {
        twin.close();
        source.close();
    }

    private Optional<KeyCounts> count(String expression, double rows, double perRow) {
        return new KeyCounter(source.server())
                .count(
                        new KeyCounter.Column(TABLE, operatorClass(expression), expression, Optional.empty()),
                        rows,
                        perRow);
    }

    private static String operatorClass(String expression) {
        return expression.contains("Do") ? "jsonb_ops" : "array_ops";
    }

    private static double keys(KeyCounts counts) {
        return counts.keys(0, ROWS).stream().mapToDouble(GinSize.Keys::count).sum();
    }

    @Test
    void of_a_small_table_every_key_is_counted() {
        KeyCounts few = count("few", 40_000, 1).orElseThrow();
        assertThat(few.rows())
                .as("a share of what it was said to have is all of it")
                .isEqualTo(ROWS);
        assertThat(few.nulls()).isEqualTo(ROWS / 5.0);
        assertThat(few.without()).isEqualTo(ROWS / 5.0);
        assertThat(few.alike())
                .as("x and NULL, each in the same rows")
                .hasSize(1)
                .first()
                .satisfies(both -> {
                    assertThat(both.keys()).isEqualTo(2);
                    assertThat(both.rows()).isEqualTo(ROWS * 3 / 5.0);
                });
        // Names k0 to k2 and b, true and false, and the numbers of the rows that have a document.
        double numbers = source.longs("SELECT count(DISTINCT id / 2) FROM " + TABLE + " WHERE id % 4 > 0")
                .getFirst();
        assertThat(keys(count("\"Do\"\"cs\"", 40_000, 1).orElseThrow())).isEqualTo(numbers + 4 + 2 + 1);
    }

    @Test
    void a_sample_tells_keys_that_stand_together_from_those_apart() {
        for (String column : List.of("together", "apart")) {
            KeyCounts counts = count(column, ROWS, 30).orElseThrow();
            assertThat(counts.rows()).as("a sample").isBetween(10_000.0, 30_000.0);
            assertThat(keys(counts)).as(column).isCloseTo(30_000, Percentage.withPercentage(15));
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

    @Test
    void code_of_others_is_not_run_for_it() {
        twin.countKeys(new KeyCounter(source.server()));
        String theirs = "(\"Key's\".seen(apart))";
        String ran = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711";
        assertThat(estimated(twin, theirs)).isPositive();
        assertThat(source.longs(ran)).containsExactly(0L);
        assertThat(count(theirs, ROWS, 30)).as("were it asked for").isPresent();
        assertThat(source.longs(ran)).as("what it would leave behind").containsExactly(1L);
        source.execute("SELECT pg_advisory_unlock_all()");
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
        assertThat(count("nowhere", ROWS, 1)).isEmpty();
        assertThat(source.longs("SELECT 1")).as("and the connection goes on").containsExactly(1L);
    }
}
