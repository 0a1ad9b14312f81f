package dev.hone.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.check.Patient.Database;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
@ParameterizedClass
@ValueSource(ints = {18, 15})
class LimitAndSettingChecksTest {

    private static Patient patient;

    @Parameter
    int major;

    @AfterParameterizedClassInvocation
    static void stop() {
        patient.close();
    }

    private static List<String> subjects(List<Finding> findings) {
        return findings.stream().map(Finding::subject).toList();
    }

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        patient = Patient.start(
                major,
                Map.of("shared_preload_libraries", "pg_stat_statements", "shared_buffers", "2MB", "work_mem", "64kB"));
    }

    @Test
    void a_healthy_empty_database_has_no_finding_and_every_light_is_green() {
        Diagnosis diagnosis =
                patient.database().run("CREATE EXTENSION pg_stat_statements").diagnose();
        assertThat(diagnosis.findings()).isEmpty();
        assertThat(diagnosis.lights())
                .hasSameSizeAs(Checks.all())
                .allSatisfy(light -> assertThat(light.state()).as(light.check()).isEqualTo(Light.State.OK));
    }

    @Test
    void a_database_without_the_extension_has_no_query_statistics() {
        Database database = patient.database();
        List<Finding> findings = database.findings("query-statistics");
        assertThat(findings)
                .singleElement()
                .satisfies(finding -> assertThat(finding.sql()).containsExactly("CREATE EXTENSION pg_stat_statements"));
        assertThat(database.run(findings.getFirst().sql().getFirst()).findings("query-statistics"))
                .isEmpty();
    }

    @Test
    void a_key_that_runs_out_of_values_is_found() {
        Database database = patient.database()
                .run(
                        "CREATE SCHEMA \"Keys\"",
                        "CREATE TABLE \"Keys\".\"Serial\" (\"Id\" serial PRIMARY KEY)",
                        "SELECT setval('\"Keys\".\"Serial_Id_seq\"', 2000000000)",
                        "CREATE TABLE short_identity (id smallint GENERATED ALWAYS AS IDENTITY)",
                        "SELECT setval('short_identity_id_seq', 25000)",
                        "CREATE TABLE wide (id bigserial)",
                        "SELECT setval('wide_id_seq', 2000000000)",
                        "CREATE SEQUENCE shared_one",
                        "CREATE TABLE by_default (id int DEFAULT nextval('shared_one'))",
                        "SELECT setval('shared_one', 1900000000)",
                        "CREATE SEQUENCE bounded MAXVALUE 1000",
                        "SELECT setval('bounded', 950)",
                        "CREATE SEQUENCE round_and_round MAXVALUE 1000 CYCLE",
                        "SELECT setval('round_and_round', 990)",
                        "CREATE TABLE fresh (id serial)",
                        "CREATE TABLE narrow_sequence (id bigint)",
                        "CREATE SEQUENCE narrow_seq AS int OWNED BY narrow_sequence.id",
                        "SELECT setval('narrow_seq', 2000000000)");

        List<Finding> findings = database.findings("integer-overflow");

        assertThat(subjects(findings))
                .containsExactlyInAnyOrder(
                        "\"Keys\".\"Serial\".\"Id\"",
                        "public.short_identity.id",
                        "public.by_default.id",
                        "public.bounded",
                        "public.narrow_sequence.id");
        assertThat(findings)
                .filteredOn(finding -> finding.subject().contains("Serial"))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.severity()).isEqualTo(Severity.CRITICAL);
                    assertThat(finding.summary())
                            .startsWith("93 % of its values are used: 2,000,000,000 of 2,147,483,647");
                });
        assertThat(findings)
                .filteredOn(finding -> finding.subject().contains("short_identity"))
                .singleElement()
                .satisfies(finding -> assertThat(finding.severity()).isEqualTo(Severity.WARNING));
        Finding narrow = findings.stream()
                .filter(finding -> finding.subject().contains("narrow_sequence"))
                .findFirst()
                .orElseThrow();
        assertThat(narrow.summary()).contains("the maximum of the sequence, not of the column");
        assertThat(subjects(database.run(narrow.sql().toArray(String[]::new)).findings("integer-overflow")))
                .doesNotContain(narrow.subject());
    }

    @Test
    void a_foreign_key_column_narrower_than_its_key_is_the_limit() {
        Database database = patient.database()
                .run(
                        "CREATE TABLE customers (id bigserial PRIMARY KEY)",
                        "CREATE TABLE orders (\"Customer\" int REFERENCES customers)",
                        "CREATE TABLE invoices (customer bigint REFERENCES customers)");
        assertThat(database.findings("integer-overflow")).singleElement().satisfies(finding -> {
            assertThat(finding.subject()).isEqualTo("public.orders.\"Customer\"");
            assertThat(finding.severity()).isEqualTo(Severity.INFO);
        });
        List<Finding> findings =
                database.run("SELECT setval('customers_id_seq', 2000000000)").findings("integer-overflow");
        assertThat(subjects(findings)).containsExactly("public.customers.id", "public.orders.\"Customer\"");
        assertThat(findings.getFirst().summary())
                .endsWith("which is all that public.orders.\"Customer\", which refers to it, can hold");
    }

    @Test
    void a_partitioned_table_counts_its_key_once() {
        assertThat(subjects(patient.database()
                        .run(
                                "CREATE TABLE p (id serial) PARTITION BY RANGE (id)",
                                "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
                                "SELECT setval('p_id_seq', 2000000000)")
                        .findings("integer-overflow")))
                .containsExactly("public.p.id");
    }

    @Test
    void reads_that_the_cache_does_not_answer_are_found_only_when_the_data_does_not_fit() {
        Database database = patient.database();
        assertThat(database.findings("cache-pressure")).isEmpty();
        database.run(
                "CREATE TABLE t AS SELECT i, repeat('x', 200) AS pad FROM generate_series(1, 40000) i",
                "ANALYZE",
                "DO $$ BEGIN FOR i IN 1..10 LOOP PERFORM count(*) FROM t; END LOOP; END $$");
        assertThat(database.findings("cache-pressure"))
                .singleElement()
                .satisfies(finding -> assertThat(finding.severity()).isEqualTo(Severity.INFO));
    }

    @Test
    void sorts_that_spill_are_found() {
        Database database = patient.database();
        assertThat(database.findings("temp-files")).isEmpty();
        String spill = "SELECT count(*) FROM (SELECT i FROM generate_series(1, 1500000) i ORDER BY i DESC OFFSET 0) s";
        database.run(spill, spill, spill, spill);
        assertThat(database.findings("temp-files"))
                .as("over an unknown time")
                .singleElement()
                .satisfies(finding -> assertThat(finding.severity()).isEqualTo(Severity.INFO));
        database.run("SELECT pg_stat_reset()", spill, spill, spill, spill);
        assertThat(database.findings("temp-files"))
                .singleElement()
                .satisfies(finding -> assertThat(finding.severity()).isEqualTo(Severity.WARNING));
        database.run("SELECT pg_stat_reset()");
        assertThat(database.findings("temp-files")).isEmpty();
    }

    @Test
    void settings_at_their_defaults_are_found_only_on_a_database_that_outgrew_them() {
        Database database = patient.database().run("CREATE TABLE big (a int)");
        assertThat(database.findings("default-settings")).isEmpty();
        // 80 GB, as the catalog says.
        database.run("UPDATE pg_class SET relpages = 10485760 WHERE relname = 'big'");
        assertThat(subjects(database.findings("default-settings")))
                .containsExactly(
                        "shared_buffers",
                        "effective_cache_size",
                        "maintenance_work_mem",
                        "max_wal_size",
                        "random_page_cost");
    }

    @Test
    void settings_that_endanger_the_data_or_cripple_the_planner_are_found() {
        try (Patient careless = Patient.start(
                major,
                Map.of(
                        "fsync",
                        "off",
                        "full_page_writes",
                        "off",
                        "autovacuum",
                        "off",
                        "track_io_timing",
                        "off",
                        "enable_hashjoin",
                        "off"))) {
            List<Finding> findings = careless.database().findings("default-settings");
            assertThat(findings)
                    .extracting(finding -> finding.severity().label() + " " + finding.subject())
                    .containsExactly(
                            "critical fsync",
                            "critical full_page_writes",
                            "warning autovacuum",
                            "warning enable_hashjoin",
                            "info track_io_timing");
        }
    }

    @Test
    void a_table_without_a_primary_key_is_found() {
        Database database = patient.database()
                .run(
                        "CREATE SCHEMA \"P\"",
                        "CREATE TABLE \"P\".\"None\" (a int NOT NULL)",
                        "CREATE UNIQUE INDEX \"Could be\" ON \"P\".\"None\" (a)",
                        "CREATE TABLE has_one (a int PRIMARY KEY)",
                        "CREATE UNLOGGED TABLE scratch (a int)",
                        "CREATE TABLE p (a int) PARTITION BY RANGE (a)",
                        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)");
        List<Finding> findings = database.findings("table-without-primary-key");
        assertThat(subjects(findings)).containsExactlyInAnyOrder("\"P\".\"None\"", "public.p");
        Finding curable = findings.stream()
                .filter(finding -> finding.subject().contains("None"))
                .findFirst()
                .orElseThrow();
        assertThat(subjects(database.run(curable.sql().toArray(String[]::new)).findings("table-without-primary-key")))
                .containsExactly("public.p");
    }

    @Test
    void a_constraint_never_validated_is_found() {
        Database database = patient.database()
                .run(
                        "CREATE TABLE \"V\" (a int, b int CHECK (b > 0))",
                        "ALTER TABLE \"V\" ADD CONSTRAINT \"A is Positive\" CHECK (a > 0) NOT VALID");
        if (major >= 18) {
            database.run("ALTER TABLE \"V\" ADD CONSTRAINT not_meant CHECK (a > 1) NOT ENFORCED");
        }
        List<Finding> findings = database.findings("invalid-constraint");
        assertThat(findings)
                .singleElement()
                .satisfies(finding -> assertThat(finding.sql())
                        .containsExactly("ALTER TABLE public.\"V\" VALIDATE CONSTRAINT \"A is Positive\""));
        assertThat(database.run(findings.getFirst().sql().getFirst()).findings("invalid-constraint"))
                .isEmpty();
    }
}
