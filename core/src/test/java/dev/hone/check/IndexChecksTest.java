package dev.hone.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.change.Change;
import dev.hone.change.CreateIndex;
import dev.hone.change.DropIndex;
import dev.hone.check.Patient.Database;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
@ParameterizedClass
@ValueSource(ints = {18, 15})
class IndexChecksTest {

    private static Patient patient;

    @Parameter
    int major;

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        patient = Patient.start(major, Map.of());
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        patient.close();
    }

    private static List<String> subjects(List<Finding> findings) {
        return findings.stream().map(Finding::subject).toList();
    }

    /** Does what the findings propose. */
    private static void cure(Database database, List<Finding> findings) {
        for (Finding finding : findings) {
            database.run(finding.sql().toArray(String[]::new));
        }
    }

    @Test
    void a_big_table_read_whole_again_and_again_misses_an_index() {
        Database database = patient.database()
                .run(
                        "CREATE SCHEMA \"Lager \"\"Nord\"",
                        "CREATE TABLE \"Lager \"\"Nord\".\"Größe\" AS SELECT i AS id, i % 100 AS kind FROM generate_series(1, 20000) i",
                        "CREATE TABLE options AS SELECT i AS id FROM generate_series(1, 10) i",
                        "CREATE TABLE looked_up AS SELECT i AS id FROM generate_series(1, 20000) i",
                        "CREATE INDEX ON looked_up (id)",
                        "CREATE TABLE parts (id int, kind int) PARTITION BY HASH (id)",
                        "CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
                        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
                        "INSERT INTO parts SELECT i, i % 100 FROM generate_series(1, 30000) i",
                        "ANALYZE",
                        "SET enable_seqscan = off",
                        "DO $$ BEGIN FOR i IN 1..500 LOOP PERFORM FROM looked_up WHERE id = i; END LOOP; END $$",
                        "RESET enable_seqscan",
                        """
                        DO $$ BEGIN
                          FOR i IN 1..60 LOOP
                            PERFORM FROM "Lager ""Nord"."Größe" WHERE kind = i;
                            PERFORM count(*) FROM parts WHERE kind = i;
                          END LOOP;
                          FOR i IN 1..1000 LOOP PERFORM FROM options WHERE id = i; END LOOP;
                        END $$""");

        List<Finding> findings = database.findings("missing-index");

        assertThat(subjects(findings)).containsExactly("public.parts", "\"Lager \"\"Nord\".\"Größe\"");
        assertThat(findings.get(1).severity()).isEqualTo(Severity.WARNING);
        assertThat(findings.get(1).evidence())
                .containsEntry("sequential_scans", 60)
                .containsEntry("rows_per_scan", 20000);
        assertThat(findings.get(1).summary()).startsWith("60 sequential scans read 20,000 rows each");
    }

    @Test
    void a_foreign_key_without_a_fitting_index_is_found_and_cured_by_its_own_change() {
        String long63 = "ü".repeat(31) + "x";
        Database database = patient.database()
                .run(
                        "CREATE SCHEMA \"S\"\"1\"",
                        "CREATE TABLE \"S\"\"1\".parent (id int PRIMARY KEY, a int, b int, UNIQUE (a, b))",
                        "CREATE TABLE \"S\"\"1\".\"Kind A\" (id int, \"parent_ID\" int REFERENCES \"S\"\"1\".parent)",
                        "CREATE TABLE \"S\"\"1\".\"" + long63 + "\" (p int REFERENCES \"S\"\"1\".parent)",
                        "CREATE TABLE same_name (\"of_index\" int REFERENCES \"S\"\"1\".parent)",
                        "CREATE TABLE same_name_of (\"index\" int REFERENCES \"S\"\"1\".parent)",
                        "CREATE TABLE second_key (x int, p int REFERENCES \"S\"\"1\".parent)",
                        "CREATE INDEX ON second_key (x, p)",
                        "CREATE TABLE wrong_predicate (p int REFERENCES \"S\"\"1\".parent, x int)",
                        "CREATE INDEX ON wrong_predicate (p) WHERE x > 0",
                        "CREATE TABLE two (b int, a int, FOREIGN KEY (a, b) REFERENCES \"S\"\"1\".parent (a, b))",
                        "CREATE TABLE twice (p int REFERENCES \"S\"\"1\".parent, FOREIGN KEY (p) REFERENCES \"S\"\"1\".parent)");

        List<Finding> findings = database.findings("foreign-key-without-index");

        assertThat(subjects(findings))
                .containsExactlyInAnyOrder(
                        "\"S\"\"1\".\"Kind A\"",
                        "\"S\"\"1\".\"" + long63 + "\"",
                        "public.same_name",
                        "public.same_name_of",
                        "public.second_key",
                        "public.wrong_predicate",
                        "public.two",
                        "public.twice");
        assertThat(findings).allSatisfy(finding -> {
            assertThat(finding.change())
                    .isInstanceOfSatisfying(
                            CreateIndex.class,
                            create -> assertThat(create.name().getBytes(StandardCharsets.UTF_8))
                                    .hasSizeLessThanOrEqualTo(63));
            assertThat(finding.severity()).isEqualTo(Severity.INFO);
        });
        cure(database, findings);
        assertThat(database.findings("foreign-key-without-index")).isEmpty();
    }

    @Test
    void a_foreign_key_that_an_index_serves_is_no_finding() {
        assertThat(patient.database()
                        .run(
                                "CREATE TABLE parent (id int PRIMARY KEY, a int, b int, UNIQUE (a, b))",
                                "CREATE TABLE swapped (x int, a int, b int, FOREIGN KEY (a, b) REFERENCES parent (a, b))",
                                "CREATE INDEX ON swapped (b, a, x)",
                                "CREATE TABLE nullable (\"P\" int REFERENCES parent)",
                                "CREATE INDEX ON nullable (\"P\") WHERE \"P\" IS NOT NULL",
                                "CREATE TABLE hashed (p int REFERENCES parent)",
                                "CREATE INDEX ON hashed USING hash (p)",
                                "CREATE TABLE own_key (p int PRIMARY KEY REFERENCES parent)")
                        .findings("foreign-key-without-index"))
                .isEmpty();
    }

    @Test
    void a_foreign_key_weighs_more_when_rows_are_deleted_from_what_it_refers_to() {
        Database database = patient.database()
                .run(
                        "CREATE TABLE parent (id int PRIMARY KEY)",
                        "INSERT INTO parent SELECT generate_series(1, 100)",
                        "CREATE TABLE child (p int REFERENCES parent)",
                        "INSERT INTO child SELECT i % 50 + 1 FROM generate_series(1, 12000) i",
                        "DELETE FROM parent WHERE id > 90");
        assertThat(database.findings("foreign-key-without-index"))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.severity()).isEqualTo(Severity.WARNING);
                    assertThat(finding.evidence())
                            .containsEntry("referenced_rows_deleted", 10)
                            .containsEntry("row_count", 12000);
                });
    }

    @Test
    void a_partitioned_table_is_judged_once_for_its_foreign_keys() {
        String[] tables = {
            "CREATE TABLE parent (id int PRIMARY KEY)",
            "CREATE TABLE p (k int, parent int REFERENCES parent) PARTITION BY RANGE (k)",
            "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
            "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (k)",
            "CREATE TABLE p21 PARTITION OF p2 FOR VALUES FROM (10) TO (20)",
            "CREATE TABLE hash_parent (id int PRIMARY KEY) PARTITION BY HASH (id)",
            "CREATE TABLE hash_parent_0 PARTITION OF hash_parent FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
            "CREATE TABLE hash_parent_1 PARTITION OF hash_parent FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
            "CREATE TABLE points_to_partitions (h int REFERENCES hash_parent)"
        };
        Database database = patient.database().run(tables);
        assertThat(database.findings("foreign-key-without-index"))
                .anySatisfy(finding -> {
                    assertThat(finding.subject()).isEqualTo("public.p");
                    assertThat(finding.summary()).contains("in 2 of its partitions");
                    assertThat(finding.change()).isNull();
                    assertThat(finding.remedy()).contains("ATTACH");
                })
                .anySatisfy(finding -> assertThat(finding.subject()).isEqualTo("public.points_to_partitions"))
                .hasSize(2);

        database.run(
                "CREATE INDEX ON p1 (parent)",
                "CREATE INDEX ON p21 (parent)",
                "CREATE INDEX ON points_to_partitions (h)");
        assertThat(database.findings("foreign-key-without-index"))
                .as("indexes on every partition serve as well as one on the parent")
                .isEmpty();
    }

    @Test
    void an_index_that_nobody_uses_is_found_and_its_undo_builds_it_again() {
        Database database = patient.database()
                .run(
                        "CREATE SCHEMA \"Ä\"",
                        "CREATE TABLE \"Ä\".\"T\" AS SELECT i AS a, i AS b, md5(i::text) AS c FROM generate_series(1, 60000) i",
                        "CREATE INDEX \"Unused One\" ON \"Ä\".\"T\" (a)",
                        "CREATE INDEX expressed ON \"Ä\".\"T\" (lower(c))",
                        "CREATE INDEX used ON \"Ä\".\"T\" (b)",
                        "CREATE TABLE p (k int, v int) PARTITION BY RANGE (k)",
                        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100000)",
                        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100000) TO (200000)",
                        "INSERT INTO p SELECT i, i FROM generate_series(1, 150000) i",
                        "CREATE INDEX on_parent ON p (v)",
                        "ANALYZE",
                        "SET enable_seqscan = off",
                        "SELECT count(*) FROM \"Ä\".\"T\" WHERE b = 7");

        List<Finding> findings = database.findings("unused-index");

        assertThat(subjects(findings))
                .containsExactlyInAnyOrder("\"Ä\".\"Unused One\"", "\"Ä\".expressed", "public.on_parent");
        assertThat(findings)
                .allSatisfy(finding -> assertThat(finding.severity())
                        .as("counters younger than a week prove nothing yet")
                        .isEqualTo(Severity.INFO));
        assertThat(findings)
                .filteredOn(finding -> finding.subject().endsWith("expressed"))
                .singleElement()
                .satisfies(finding -> assertThat(finding.summary()).contains("statistics of its expression"));
        assertThat(findings)
                .filteredOn(finding -> finding.subject().endsWith("on_parent"))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.change()).isNull();
                    assertThat(finding.sql()).containsExactly("DROP INDEX public.on_parent");
                });

        Finding plain = findings.stream()
                .filter(finding -> finding.subject().contains("Unused"))
                .findFirst()
                .orElseThrow();
        Change change = plain.change();
        assertThat(change).isInstanceOf(DropIndex.class);
        database.run(change.sql().toArray(String[]::new));
        assertThat(subjects(database.findings("unused-index"))).doesNotContain(plain.subject());
        database.run(change.undoSql().toArray(String[]::new));
        assertThat(subjects(database.findings("unused-index"))).contains(plain.subject());
    }

    @Test
    void an_index_that_does_more_than_serve_scans_is_never_called_unused() {
        assertThat(patient.database()
                        .run(
                                "CREATE TABLE parent (id int PRIMARY KEY)",
                                "INSERT INTO parent SELECT generate_series(1, 60000)",
                                "CREATE TABLE t (id int PRIMARY KEY, u int NOT NULL, p int, small int)",
                                "INSERT INTO t SELECT i, i, i, i FROM generate_series(1, 60000) i",
                                "CREATE UNIQUE INDEX keeps_unique ON t (u)",
                                "ALTER TABLE t REPLICA IDENTITY USING INDEX keeps_unique",
                                "CREATE INDEX clustered ON t (small)",
                                "CLUSTER t USING clustered",
                                "CREATE INDEX serves_key ON t (p)",
                                "ALTER TABLE t ADD FOREIGN KEY (p) REFERENCES parent NOT VALID",
                                "CREATE INDEX tiny ON t (small) WHERE small < 10",
                                "CREATE TABLE e (r int4range, EXCLUDE USING gist (r WITH &&))",
                                "INSERT INTO e SELECT int4range(i * 10, i * 10 + 5) FROM generate_series(1, 20000) i",
                                "ANALYZE")
                        .findings("unused-index"))
                .isEmpty();
    }

    @Test
    void from_16_on_an_index_last_used_long_ago_is_unused_too() {
        Database database = patient.database()
                .run(
                        "CREATE TABLE t AS SELECT i AS a FROM generate_series(1, 60000) i",
                        "CREATE INDEX seldom ON t (a)",
                        "ANALYZE",
                        "SET enable_seqscan = off",
                        "SELECT count(*) FROM t WHERE a = 7");
        assertThat(database.findings("unused-index")).isEmpty();
        if (major >= 16) {
            assertThat(database.findings("unused-index", "interval '90 days'", "interval '0 days'"))
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.summary()).startsWith("Last used 0 days ago"));
        }
    }

    @Test
    void the_same_index_twice_is_a_duplicate_and_the_constraint_keeps_its_own() {
        Database database = patient.database()
                .run(
                        "CREATE SCHEMA \"Q\"",
                        "CREATE TABLE \"Q\".t (id int PRIMARY KEY, a int, c text)",
                        "CREATE UNIQUE INDEX second_key ON \"Q\".t (id)",
                        "CREATE INDEX one ON \"Q\".t (a, lower(c)) INCLUDE (id) WHERE a > 1",
                        "CREATE INDEX \"The Other\" ON \"Q\".t (a, lower(c)) INCLUDE (id) WHERE a > 1",
                        "CREATE INDEX g ON \"Q\".t USING hash (c)",
                        "CREATE INDEX g2 ON \"Q\".t USING hash (c)",
                        "CREATE TABLE p (k int) PARTITION BY RANGE (k)",
                        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
                        "CREATE INDEX on_p ON p (k)",
                        "CREATE INDEX on_p_too ON p (k)");

        List<Finding> findings = database.findings("duplicate-index");

        assertThat(subjects(findings))
                .containsExactlyInAnyOrder("\"Q\".second_key", "\"Q\".\"The Other\"", "\"Q\".g2", "public.on_p_too");
        cure(database, findings);
        assertThat(database.findings("duplicate-index")).isEmpty();
    }

    @Test
    void indexes_that_only_look_alike_are_no_duplicates_and_not_redundant() {
        Diagnosis diagnosis = patient.database()
                .run(
                        "CREATE TABLE t (a int, b int, c text)",
                        "CREATE INDEX ON t (a)",
                        "CREATE INDEX ON t (a DESC)",
                        "CREATE INDEX ON t (a NULLS FIRST)",
                        "CREATE INDEX ON t USING hash (a)",
                        "CREATE INDEX ON t (a) WHERE b > 0",
                        "CREATE INDEX ON t (a) WHERE b > 1",
                        "CREATE INDEX ON t (b, a)",
                        "CREATE INDEX ON t (c)",
                        "CREATE INDEX ON t (c text_pattern_ops)",
                        "CREATE INDEX ON t (c COLLATE \"C\")",
                        "CREATE INDEX ON t (lower(c))",
                        "CREATE INDEX ON t (upper(c))",
                        "CREATE UNIQUE INDEX ON t (b) WHERE a > 3",
                        "CREATE INDEX ON t (b, c) WHERE a > 3",
                        "CREATE TABLE longer (d int, f text, g int, b int)",
                        "CREATE INDEX ON longer (d DESC)",
                        "CREATE INDEX ON longer (d, b)",
                        "CREATE INDEX ON longer (f text_pattern_ops)",
                        "CREATE INDEX ON longer (f COLLATE \"C\")",
                        "CREATE INDEX ON longer (f, b)",
                        "CREATE INDEX ON longer (g) WHERE b > 0",
                        "CREATE INDEX ON longer (g, b)",
                        "CREATE TABLE e (x int, y int, z int)",
                        "CREATE INDEX ON e (x) INCLUDE (z)",
                        "CREATE INDEX ON e (x, y)")
                .diagnose();
        assertThat(diagnosis.findings("duplicate-index")).isEmpty();
        assertThat(diagnosis.findings("redundant-index")).isEmpty();
    }

    @Test
    void an_index_that_a_longer_one_covers_is_redundant() {
        Database database = patient.database()
                .run(
                        "CREATE SCHEMA \"Q\"",
                        "CREATE TABLE \"Q\".\"T\" (id int PRIMARY KEY, a int, b int, c text, d int, e int)",
                        "CREATE INDEX \"Prefix\" ON \"Q\".\"T\" (a)",
                        "CREATE INDEX middle ON \"Q\".\"T\" (a, b)",
                        "CREATE INDEX longest ON \"Q\".\"T\" (a, b, d)",
                        "CREATE INDEX lower_one ON \"Q\".\"T\" (lower(c))",
                        "CREATE INDEX lower_two ON \"Q\".\"T\" (lower(c), a)",
                        "CREATE INDEX plain_key ON \"Q\".\"T\" (id)",
                        "CREATE INDEX carried ON \"Q\".\"T\" (d) INCLUDE (e)",
                        "CREATE INDEX keyed ON \"Q\".\"T\" (d, e)",
                        "CREATE UNIQUE INDEX keeps_unique ON \"Q\".\"T\" (e)",
                        "CREATE INDEX yields_not_to ON \"Q\".\"T\" (e, d)");

        List<Finding> findings = database.findings("redundant-index");

        assertThat(subjects(findings))
                .containsExactlyInAnyOrder(
                        "\"Q\".\"Prefix\"", "\"Q\".middle", "\"Q\".lower_one", "\"Q\".plain_key", "\"Q\".carried");
        assertThat(findings)
                .filteredOn(finding -> finding.subject().contains("Prefix"))
                .singleElement()
                .satisfies(finding -> assertThat(finding.evidence()).containsEntry("covered_by", "\"Q\".longest"));
        cure(database, findings);
        assertThat(database.findings("redundant-index")).isEmpty();
    }

    @Test
    void two_indexes_that_could_replace_each_other_are_never_both_redundant() {
        assertThat(patient.database()
                        .run(
                                "CREATE TABLE t (a int, b int, c int)",
                                "CREATE INDEX older ON t (a) INCLUDE (b, c)",
                                "CREATE INDEX newer ON t (a) INCLUDE (c, b)")
                        .findings("redundant-index"))
                .singleElement()
                .extracting(Finding::subject)
                .isEqualTo("public.newer");
    }

    @Test
    void an_index_whose_build_failed_is_invalid() {
        Database database = patient.database()
                .run(
                        "CREATE TABLE \"T\" (a int, b int)",
                        "INSERT INTO \"T\" VALUES (1, 1), (1, 2)",
                        "CREATE INDEX fine ON \"T\" (b)",
                        "CREATE TABLE p (k int) PARTITION BY RANGE (k)",
                        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
                        "CREATE INDEX unattached ON ONLY p (k)");
        fail(database, "CREATE UNIQUE INDEX CONCURRENTLY \"Broken\" ON \"T\" (a)");
        fail(database, "REINDEX INDEX CONCURRENTLY \"Broken\"");

        List<Finding> findings = database.findings("invalid-index");

        assertThat(subjects(findings))
                .containsExactly("public.\"Broken\"", "public.\"Broken_ccnew\"", "public.unattached");
        assertThat(findings.get(0).sql()).containsExactly("REINDEX INDEX CONCURRENTLY public.\"Broken\"");
        assertThat(findings.get(1).change()).isInstanceOf(DropIndex.class);
        assertThat(findings.get(2).remedy()).contains("ATTACH PARTITION");

        database.run("DELETE FROM \"T\" WHERE b = 2");
        cure(database, findings);
        assertThat(subjects(database.findings("invalid-index"))).containsExactly("public.unattached");
    }

    @Test
    void an_index_that_is_being_built_is_not_yet_invalid() throws SQLException {
        Database database = patient.database().run("CREATE TABLE t (a int)", "CREATE ROLE watcher_" + major + " LOGIN");
        CompletableFuture<?> build;
        try (Connection writer = Server.open(database.address(), "writer")) {
            writer.setAutoCommit(false);
            writer.createStatement().execute("INSERT INTO t VALUES (1)");
            build = CompletableFuture.runAsync(
                    () -> database.run("CREATE INDEX CONCURRENTLY slow ON t (a)"), Thread::startVirtualThread);
            try (Server server = database.connect()) {
                while (server.handle()
                        .createQuery("SELECT 1 FROM pg_index WHERE NOT indisvalid")
                        .mapTo(Integer.class)
                        .findOne()
                        .isEmpty()) {
                    Thread.onSpinWait();
                }
                assertThat(database.findings("invalid-index")).isEmpty();
                server.handle().execute("SET ROLE watcher_" + major);
                String sql = Checks.queries(server.version()).stream()
                        .filter(query -> query.id().equals("invalid-index"))
                        .findFirst()
                        .orElseThrow()
                        .sql();
                try (var result =
                        server.handle().getConnection().createStatement().executeQuery(sql)) {
                    assertThat(result.next())
                            .as("also for a role that may not see what others do")
                            .isFalse();
                }
            }
            writer.rollback();
        }
        build.orTimeout(60, TimeUnit.SECONDS).join();
    }

    @Test
    void a_saved_snapshot_is_diagnosed_as_the_server_was(@TempDir Path folder) {
        Database database = patient.database()
                .run(
                        "CREATE TABLE \"Größe\" (id int PRIMARY KEY, a int)",
                        "CREATE INDEX one ON \"Größe\" (a)",
                        "CREATE INDEX two ON \"Größe\" (a)");
        Snapshot snapshot = database.snapshot();
        Path file = folder.resolve("patient.hone");
        SnapshotFile.write(snapshot, file);

        assertThat(Checks.diagnose(snapshot).findings("duplicate-index")).hasSize(1);
        assertThat(Checks.diagnose(SnapshotFile.read(file))).isEqualTo(Checks.diagnose(snapshot));
    }

    private static void fail(Database database, String statement) {
        try {
            database.run(statement);
        } catch (IllegalStateException expected) {
            return;
        }
        throw new AssertionError("succeeded: " + statement);
    }
}
