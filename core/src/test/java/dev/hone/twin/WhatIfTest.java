package dev.hone.twin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hone.HoneException;
import dev.hone.Progress;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.assertj.core.api.SoftAssertions;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the twin pretends against what the source says once the same is really so. */
class WhatIfTest {

    private static final String READINGS = """
            CREATE TABLE public.reading (id int PRIMARY KEY, at timestamp NOT NULL, sensor int NOT NULL, zone int NOT NULL,
              kind text NOT NULL, value numeric);
            INSERT INTO public.reading
            SELECT i, timestamp '2025-01-01' + i * interval '15 minutes', i * 7 % 300, (i * 7 % 300) / 10,
                   CASE WHEN i % 10 < 8 THEN 'usual' ELSE 'rare' || i % 90 END, i % 977
            FROM generate_series(1, 29000) i;
            CREATE INDEX "Reading sensor" ON public.reading (sensor, at);
            CREATE INDEX reading_at ON public.reading (at);
            CREATE VIEW public.usual AS SELECT * FROM public.reading WHERE kind = 'usual';
            VACUUM ANALYZE public.reading""";

    private static Source source;
    private static Twin twin;

    @BeforeAll
    static void build() {
        source = Source.start();
        for (String statement : READINGS.split(";", -1)) {
            source.execute(statement);
        }
        twin = Twin.build(source.snapshot(), Progress.NONE);
        assertThat(twin.omissions()).isEmpty();
    }

    @AfterAll
    static void stop() {
        twin.close();
        source.close();
    }

    private static Assumption assume(String statement) {
        List<WhatIf> parsed = twin.parse(statement);
        assertThat(parsed).hasSize(1);
        return twin.assume(parsed.getFirst());
    }

    @Test
    void a_setting_is_as_if_it_were_set_and_then_as_before() {
        String sql = "SELECT * FROM public.orders ORDER BY note";
        double before = twin.explain(sql).totalCost();
        try (Assumption memory = assume("SET work_mem TO '256MB'");
                Assumption scans = assume("set session enable_seqscan = off")) {
            assertThat(memory.whatIf()).isEqualTo(new WhatIf.Setting("work_mem", "256MB"));
            assertThat(scans.notes()).isEmpty();
            source.execute("SET work_mem = '256MB'; SET enable_seqscan = off");
            assertThat(twin.explain(sql).totalCost())
                    .isEqualTo(source.explain(sql).totalCost())
                    .isNotEqualTo(before);
        } finally {
            source.execute("RESET work_mem; RESET enable_seqscan");
        }
        assertThat(twin.explain(sql).totalCost()).isEqualTo(before);
    }

    @Test
    void a_dropped_index_is_as_if_it_were_gone() {
        String sql = "SELECT * FROM public.reading WHERE sensor = 14";
        double before = twin.explain(sql).totalCost();
        source.execute("BEGIN");
        source.execute("DROP INDEX public.\"Reading sensor\"");
        try (Assumption gone = assume("DROP INDEX CONCURRENTLY IF EXISTS public.\"Reading sensor\";")) {
            assertThat(gone.whatIf()).isEqualTo(new WhatIf.NoIndex("public", "Reading sensor"));
            assertThat(twin.explain(sql).totalCost())
                    .isEqualTo(source.explain(sql).totalCost())
                    .isGreaterThan(before);
        } finally {
            source.execute("ROLLBACK");
        }
        assertThat(twin.explain(sql).totalCost()).isEqualTo(before);
    }

    @Test
    void an_index_behind_a_constraint_can_be_thought_away_and_the_constraint_is_named() {
        try (Assumption gone = twin.assume(new WhatIf.NoIndex("public", "reading_pkey"))) {
            assertThat(gone.notes()).singleElement().asString().contains("constraint reading_pkey");
        }
    }

    @Test
    void measured_statistics_are_as_if_analyze_had_found_them() {
        String groups = "SELECT sensor, zone, count(*) FROM public.reading GROUP BY sensor, zone";
        String filter = "SELECT * FROM public.reading WHERE sensor = 14 AND zone = 1";
        double before = twin.explain(filter).root().rows();
        String statement = "CREATE STATISTICS public.\"Sensor's zone\" (ndistinct, dependencies) ON sensor, zone FROM"
                + " public.reading";
        source.execute(statement);
        source.execute("ANALYZE public.reading");
        try (Assumption known = twin.assume(new WhatIf.NewStatistics(
                statement, new WhatIf.Measured(Map.of(List.of("zone", "sensor"), 300.0), Map.of())))) {
            assertThat(known.notes()).isEmpty();
            assertThat(twin.explain(groups).root().rows())
                    .isEqualTo(source.explain(groups).root().rows())
                    .isEqualTo(300);
            // That there are as many combinations as sensors says that the sensor determines the zone.
            assertThat(twin.explain(filter).root().rows())
                    .isEqualTo(source.explain(filter).root().rows())
                    .isGreaterThan(10 * before);
            assertThat(twin.explain(filter).totalCost())
                    .isCloseTo(source.explain(filter).totalCost(), within(0.01));
        } finally {
            source.execute("DROP STATISTICS public.\"Sensor's zone\"");
        }
        assertThat(twin.explain(filter).root().rows()).isEqualTo(before);
        // And again: nothing of it is left.
        assume(statement).close();
    }

    @Test
    void without_measurements_a_statistics_object_says_what_is_not_known() {
        try (Assumption blank =
                assume("CREATE STATISTICS s (ndistinct, dependencies, mcv) ON sensor, zone FROM public.reading")) {
            assertThat(blank.notes())
                    .hasSize(3)
                    .first()
                    .asString()
                    .contains("SELECT count(*) FROM (SELECT DISTINCT \"sensor\", \"zone\" FROM public.reading) d");
            assertThat(twin.explain("SELECT * FROM public.reading WHERE sensor = 14 AND zone = 1")
                            .root()
                            .rows())
                    .isLessThan(10);
        }
        // Of a unique column everything is known.
        try (Assumption unique = assume("CREATE STATISTICS s (ndistinct) ON id, zone FROM public.reading")) {
            assertThat(unique.notes()).isEmpty();
        }
        WhatIf.Measured wrong = new WhatIf.Measured(Map.of(List.of("sensor", "x"), 5.0), Map.of());
        assertThatThrownBy(() -> twin.assume(
                        new WhatIf.NewStatistics("CREATE STATISTICS s ON sensor, zone FROM public.reading", wrong)))
                .hasMessageContaining("has no column x");
    }

    @Test
    void a_number_of_distinct_values_is_as_if_analyze_had_taken_it_over() {
        String sql = "SELECT value, count(*) FROM public.reading GROUP BY value";
        String statement = "ALTER TABLE public.reading ALTER COLUMN value SET (n_distinct = -0.5)";
        double before = twin.explain(sql).root().rows();
        source.execute(statement);
        source.execute("ANALYZE public.reading");
        try (Assumption given = assume(statement)) {
            assertThat(given.whatIf()).isEqualTo(new WhatIf.DistinctValues("public", "reading", "value", -0.5));
            assertThat(twin.explain(sql).root().rows())
                    .isEqualTo(source.explain(sql).root().rows())
                    .isEqualTo(14_500);
        } finally {
            source.execute("ALTER TABLE public.reading ALTER COLUMN value RESET (n_distinct)");
            source.execute("ANALYZE public.reading");
        }
        assertThat(twin.explain(sql).root().rows()).isEqualTo(before);
    }

    private static final List<String> PARTITION_QUERIES = List.of(
            "SELECT * FROM public.reading WHERE at >= '2025-03-05' AND at < '2025-03-07'",
            "SELECT count(*) FROM public.reading WHERE at >= '2025-03-01' AND at < '2025-06-01'",
            "SELECT * FROM public.reading WHERE sensor = 14",
            "SELECT * FROM public.reading WHERE sensor = 14 AND at >= '2025-05-10'",
            "SELECT * FROM public.reading WHERE kind = 'rare9'",
            "SELECT zone, count(*) FROM public.reading GROUP BY zone",
            "SELECT * FROM public.reading WHERE sensor = 14 ORDER BY at DESC LIMIT 5",
            "SELECT * FROM public.usual WHERE at >= '2025-10-01'",
            "UPDATE public.reading SET value = 0 WHERE at < '2025-01-10'");

    @Test
    void a_table_partitioned_by_time_is_as_if_it_were() {
        source.execute("ALTER TABLE public.reading RENAME TO reading_whole");
        source.execute("DROP VIEW public.usual");
        source.execute("CREATE TABLE public.reading (LIKE public.reading_whole) PARTITION BY RANGE (at)");
        for (int month = 1; month <= 10; month++) {
            source.execute(
                    "CREATE TABLE public.reading_%02d PARTITION OF public.reading FOR VALUES FROM ('2025-%02d-01') TO ('2025-%02d-01')"
                            .formatted(month, month, month + 1));
        }
        comparePartitions("PARTITION TABLE public.reading BY RANGE (at) EVERY '1 month'", 0.10);
    }

    @Test
    void a_table_partitioned_by_hash_is_as_if_it_were() {
        source.execute("ALTER TABLE public.reading RENAME TO reading_whole");
        source.execute("DROP VIEW public.usual");
        source.execute("CREATE TABLE public.reading (LIKE public.reading_whole) PARTITION BY HASH (sensor)");
        for (int i = 0; i < 4; i++) {
            source.execute(
                    "CREATE TABLE public.reading_%d PARTITION OF public.reading FOR VALUES WITH (MODULUS 4, REMAINDER %d)"
                            .formatted(i, i));
        }
        comparePartitions("partition reading by hash (\"sensor\") into 4", 0.30);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PARTITION TABLE public.mass BY HASH (id) INTO 4",
                "PARTITION TABLE public.mass BY RANGE (at) EVERY '1 month'",
                "PARTITION TABLE public.mass BY RANGE (at) AT ('2020-01-01')"
            })
    void values_that_very_many_rows_have_are_in_every_partition(String statement) {
        source.execute(
                "CREATE TABLE public.mass AS SELECT i AS id, timestamp '2025-01-01' + i * interval '1 minute' AS at,"
                        + " i % 2 = 0 AS even, 1 AS same, i % 1000 AS thousand FROM generate_series(1, 200000) i");
        source.execute("ANALYZE public.mass");
        try (Twin own = Twin.build(source.snapshot(), Progress.NONE)) {
            String query = "SELECT DISTINCT even, same FROM public.mass";
            double rows = own.explain(query).root().rows();
            try (Assumption partitioned = own.assume(own.parse(statement).getFirst())) {
                assertThat(partitioned).isNotNull();
                assertThat(own.explain(query).root().rows()).isCloseTo(rows, Percentage.withPercentage(10));
            }
        } finally {
            source.execute("DROP TABLE public.mass");
        }
    }

    private static void comparePartitions(String statement, double tolerance) {
        source.execute("INSERT INTO public.reading SELECT * FROM public.reading_whole");
        source.execute("CREATE INDEX \"sensor parts\" ON public.reading (sensor, at)");
        source.execute("CREATE INDEX at_parts ON public.reading (at)");
        source.execute("CREATE INDEX id_parts ON public.reading (id)");
        source.execute("CREATE VIEW public.usual AS SELECT * FROM public.reading WHERE kind = 'usual'");
        source.execute("VACUUM ANALYZE public.reading");
        List<Double> before = PARTITION_QUERIES.stream()
                .map(sql -> twin.explain(sql).totalCost())
                .toList();
        SoftAssertions softly = new SoftAssertions();
        try (Assumption parts = assume(statement)) {
            softly.assertThat(parts.notes()).singleElement().asString().contains("reading_pkey");
            for (String sql : PARTITION_QUERIES) {
                Plan pretended = twin.explain(sql);
                Plan real = source.explain(sql);
                double error = Math.abs(pretended.totalCost() - real.totalCost()) / real.totalCost();
                softly.assertThat(shape(pretended.root())).as(sql).isEqualTo(shape(real.root()));
                softly.assertThat(error).as("error of the cost of " + sql).isLessThan(tolerance);
            }
        } finally {
            source.execute("DROP TABLE public.reading CASCADE");
            source.execute("ALTER TABLE public.reading_whole RENAME TO reading");
            source.execute("CREATE VIEW public.usual AS SELECT * FROM public.reading WHERE kind = 'usual'");
        }
        for (int i = 0; i < before.size(); i++) {
            softly.assertThat(twin.explain(PARTITION_QUERIES.get(i)).totalCost())
                    .isEqualTo(before.get(i));
        }
        softly.assertAll();
    }

    /** Node types and how many partitions they read. */
    private static String shape(Plan.Node node) {
        return node.type()
                + node.children().stream()
                        .map(WhatIfTest::shape)
                        .collect(Collectors.groupingBy(shape -> shape, java.util.TreeMap::new, Collectors.counting()));
    }

    @Test
    void an_index_is_read_as_postgres_understands_it() {
        WhatIf read = twin.parse("""
                        -- a comment
                        CREATE UNIQUE INDEX /* now */ CONCURRENTLY "An ""index""; DROP" ON "Sales Dept"."Customer"
                          (lower("E-Mail") text_pattern_ops DESC, name COLLATE "C" NULLS FIRST, "Größe") INCLUDE (id)
                          WITH (fillfactor = 70) WHERE "Größe" > 5;
                        """).getFirst();
        assertThat(read).isInstanceOfSatisfying(WhatIf.NewIndex.class, index -> {
            assertThat(index.definition().schema()).isEqualTo("Sales Dept");
            assertThat(index.definition().table()).isEqualTo("Customer");
            assertThat(index.definition().name()).isEqualTo("An \"index\"; DROP");
            assertThat(index.definition().unique()).isTrue();
            assertThat(index.definition().keys())
                    .containsExactly(
                            "lower(\"E-Mail\") pg_catalog.text_pattern_ops DESC",
                            "name COLLATE pg_catalog.\"C\" NULLS FIRST",
                            "\"Größe\"");
            assertThat(index.definition().include()).containsExactly("id");
            assertThat(index.definition().predicate()).contains("> 5");
            assertThat(index.ignored()).containsExactly("WITH (fillfactor=70)");
        });
        try (Assumption index = twin.assume(read)) {
            assertThat(index.index()).isPresent();
        }
        // Unnamed, on a partitioned table.
        try (Assumption index = assume("CREATE INDEX ON log.event (actor)")) {
            assertThat(index.index().orElseThrow().definition().name()).isEqualTo("event_actor_idx");
            assertThat(index.index().orElseThrow().tuples()).isCloseTo(40_000, within(5.0));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE INDEX a ON public.reading (zone); DROP TABLE public.reading",
                "CREATE INDEX a ON public.nowhere (zone)",
                "CREATE INDEX a ON public.reading (zone",
                "DROP TABLE public.reading",
                "TRUNCATE public.reading",
                "ALTER TABLE public.reading DROP COLUMN zone",
                "ALTER TABLE public.reading ALTER COLUMN zone SET (n_distinct = 0)",
                "SET ROLE postgres",
                "SET SESSION AUTHORIZATION DEFAULT",
                "SET statement_timeout = 0",
                "SET default_transaction_read_only = off",
                "SET work_mem = 'a lot'",
                "SET default_statistics_target = 1000",
                "DROP INDEX nothing",
                "DROP INDEX IF EXISTS nothing",
                "COPY public.reading TO PROGRAM 'true'",
                "SELECT 1",
                "",
                "PARTITION TABLE public.reading BY RANGE (at)",
                "PARTITION TABLE public.reading BY RANGE (nowhere) EVERY '1 month'",
                "PARTITION TABLE public.reading BY RANGE (kind) EVERY '1 month'",
                "PARTITION TABLE public.reading BY RANGE (at) EVERY '1 second'",
                "PARTITION TABLE public.reading'; DROP TABLE public.reading; -- BY HASH (at) INTO 4",
                "PARTITION TABLE log.event BY HASH (at) INTO 4"
            })
    void what_cannot_be_pretended_is_refused_and_changes_nothing(String statement) {
        String sql = "SELECT zone FROM public.reading WHERE zone = 3";
        double before = twin.explain(sql).totalCost();
        assertThatThrownBy(() -> twin.parse(statement).forEach(whatIf -> twin.assume(whatIf)))
                .isInstanceOfSatisfying(
                        HoneException.class, e -> assertThat(e.kind()).isEqualTo(HoneException.Kind.USAGE));
        assertThat(twin.explain(sql).totalCost()).isEqualTo(before);
        assertThat(source.explain(sql).totalCost()).isEqualTo(before);
    }

    @Test
    void only_one_statement_that_can_be_planned_is_let_through() {
        twin.requireOneStatement("SELECT ';' /* ; */ -- ;\n;");
        twin.requireOneStatement("DELETE FROM public.reading WHERE id = $1");
        assertThatThrownBy(() -> twin.requireOneStatement("SELECT 1; DROP TABLE public.reading"))
                .isInstanceOfSatisfying(
                        PlanException.class, e -> assertThat(e.reason()).isEqualTo("there is more than one statement"));
        assertThatThrownBy(() -> twin.requireOneStatement("  SELECT * FORM public.reading"))
                .isInstanceOfSatisfying(PlanException.class, e -> {
                    assertThat(e.reason()).isEqualTo("syntax error at or near \"FORM\"");
                    assertThat(e.position()).isEqualTo(12);
                });
        assertThatThrownBy(() -> twin.requireOneStatement("DROP TABLE public.reading"))
                .isInstanceOf(PlanException.class);
        assertThatThrownBy(() -> twin.explain("SELECT nothing FROM public.reading"))
                .isInstanceOfSatisfying(
                        PlanException.class, e -> assertThat(e.position()).isEqualTo(8));
    }
}
