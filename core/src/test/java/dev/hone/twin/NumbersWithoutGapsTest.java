package dev.hone.twin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class NumbersWithoutGapsTest {

    private static final int ROWS = 400_000;

    private static LocalServer local;
    private static Server server;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installation.embedded(), Map.of());
        server = Server.connect(local.address("postgres"));
        server.handle().execute("SELECT setseed(0.3)");
        // Some numbers are many times as frequent as others.
        server.handle()
                .execute("CREATE TABLE t AS SELECT n AS dense, n * 3 AS gaps, date '2000-01-01' + n AS day,"
                        + " CASE WHEN n = 7 THEN 'infinity' ELSE date '2000-01-01' + n END AS endless, n::text AS words"
                        + " FROM (SELECT 1 + floor(60000 * random() ^ 2)::int AS n FROM generate_series(1, " + ROWS
                        + ")) s");
        server.handle().execute("ANALYZE t");
    }

    @AfterAll
    static void stop() {
        server.close();
        local.close();
    }

    private record Column(double distinct, KeptValues values, double real) {}

    private static Column column(String name) {
        return server.handle()
                .createQuery("SELECT n_distinct, null_frac, most_common_vals::text, most_common_freqs::text,"
                        + " histogram_bounds::text, (SELECT count(DISTINCT " + name + ") FROM t) FROM pg_stats"
                        + " WHERE tablename = 't' AND attname = '" + name + "'")
                .map((row, context) -> new Column(
                        row.getDouble(1) < 0 ? -row.getDouble(1) * ROWS : row.getDouble(1),
                        KeptValues.all(row.getDouble(2), row.getString(3), row.getString(4), row.getString(5)),
                        row.getDouble(6)))
                .one();
    }

    private static OptionalDouble distinct(String name, String type) {
        Column column = column(name);
        return NumbersWithoutGaps.distinct(type, column.values(), column.distinct(), ROWS);
    }

    @Test
    void numbers_and_days_without_gaps_are_counted_better_than_by_analyze() {
        for (List<String> one : List.of(List.of("dense", "int4"), List.of("day", "date"))) {
            Column column = column(one.getFirst());
            assertThat(column.distinct()).isLessThan(0.97 * column.real());
            assertThat(distinct(one.getFirst(), one.getLast()).orElse(0))
                    .isCloseTo(column.real(), Percentage.withPercentage(2));
        }
    }

    @Test
    void numbers_with_gaps_are_left_to_analyze() {
        assertThat(distinct("gaps", "int4")).isEmpty();
    }

    @Test
    void days_without_an_end_and_words_are_left_to_analyze() {
        assertThat(distinct("endless", "date")).isEmpty();
        assertThat(distinct("words", "text")).isEmpty();
    }
}
