package dev.hone.change;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.postgres.Catalog;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CatalogDiffTest {

    @Test
    void differences_are_told_by_name_and_oids_sizes_and_the_journal_do_not_count() {
        try (LocalServer local = LocalServer.start(Installation.embedded(), Map.of())) {
            Bench bench = Bench.on(
                    local,
                    "CREATE TABLE parent (id int PRIMARY KEY, v text DEFAULT 'a')",
                    "CREATE TABLE child (id int REFERENCES parent)",
                    "CREATE INDEX child_idx ON child (id)",
                    "CREATE VIEW seen AS SELECT id FROM parent",
                    "CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql RETURN $1 * 2");
            Catalog before = bench.catalog();

            bench.run(
                    "DROP INDEX child_idx",
                    "CREATE INDEX child_idx ON child (id)",
                    "INSERT INTO parent SELECT i FROM generate_series(1, 1000) i",
                    "ANALYZE",
                    "CREATE SCHEMA performance_monitoring",
                    "CREATE TABLE performance_monitoring.optimization_log (id int PRIMARY KEY)");
            assertThat(CatalogDiff.between(before, bench.catalog())).isEmpty();

            bench.run(
                    "DROP INDEX child_idx",
                    "CREATE INDEX child_idx ON child (id DESC)",
                    "CREATE INDEX new_idx ON parent (v)",
                    "ALTER TABLE parent ALTER v SET DEFAULT 'b'",
                    "ALTER TABLE child DROP CONSTRAINT child_id_fkey",
                    "CREATE OR REPLACE FUNCTION twice(int) RETURNS int LANGUAGE sql RETURN $1 + $1");
            assertThat(CatalogDiff.between(before, bench.catalog()))
                    .extracting(line -> line.substring(0, line.indexOf(':')))
                    .containsExactlyInAnyOrder(
                            "added index \"public\".\"new_idx\"",
                            "added column \"public\".\"new_idx\".\"v\"",
                            "added relation \"public\".\"new_idx\"",
                            "changed column \"public\".\"parent\".\"v\"",
                            "changed index \"public\".\"child_idx\"",
                            "removed constraint \"child_id_fkey\" of \"public\".\"child\"",
                            "changed function CREATE OR REPLACE FUNCTION public.twice(integer)");
        }
    }
}
