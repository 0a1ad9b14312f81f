package dev.hone.workload;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class SqlTextTest {

    @Test
    void statements_that_the_planner_has_no_part_in_are_told_apart() {
        assertThat(SqlText.isPlanned("/* x */ -- y\n select 1")).isTrue();
        assertThat(SqlText.isPlanned("(SELECT 1) UNION SELECT 2")).isTrue();
        assertThat(SqlText.isPlanned("WITH a AS (SELECT 1) DELETE FROM t")).isTrue();
        assertThat(SqlText.isPlanned("MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE"))
                .isTrue();
        assertThat(SqlText.isPlanned("begin")).isFalse();
        assertThat(SqlText.isPlanned("COPY t FROM STDIN")).isFalse();
        assertThat(SqlText.isPlanned("SET x = 'select'")).isFalse();
        assertThat(SqlText.isPlanned("-- only a comment")).isFalse();
    }

    @Test
    void statements_that_read_only_catalogs_are_told_apart() {
        Set<String> system = Set.of("pg_class", "pg_type");
        assertThat(SqlText.readsOnlyCatalogs(
                        "SELECT 1 FROM pg_class c JOIN pg_catalog.pg_type t ON true JOIN (SELECT 1"
                                + " FROM generate_series(1, 2)) g ON true",
                        system))
                .isTrue();
        assertThat(SqlText.readsOnlyCatalogs("SELECT 1 FROM pg_class JOIN orders ON true", system))
                .isFalse();
        assertThat(SqlText.readsOnlyCatalogs("SELECT 1 FROM pg_orders", system)).isFalse();
        assertThat(SqlText.readsOnlyCatalogs("SELECT 1 FROM \"pg_class; x\"", system))
                .isFalse();
        assertThat(SqlText.readsOnlyCatalogs("SELECT 1", system)).isFalse();
        assertThat(SqlText.readsOnlyCatalogs("INSERT INTO t VALUES (1)", system))
                .isFalse();
    }
}
