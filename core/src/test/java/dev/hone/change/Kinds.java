package dev.hone.change;

import dev.hone.postgres.LocalServer;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Every kind of change on one small schema, for tests that hold for all of them. */
final class Kinds {

    /** The database that others are copied from. */
    private static final String TEMPLATE = "kinds";

    private static final List<String> SCHEMA = List.of(
            "CREATE TABLE parents (id int PRIMARY KEY)",
            "INSERT INTO parents SELECT i FROM generate_series(0, 9) i",
            "CREATE TABLE plain (id int NOT NULL, a int, b text, c int CONSTRAINT plain_parent REFERENCES parents)",
            "INSERT INTO plain SELECT i, i, i % 10, i % 10 FROM generate_series(1, 500) i",
            "ALTER TABLE plain ADD CONSTRAINT positive CHECK (a > 0) NOT VALID",
            "COMMENT ON CONSTRAINT positive ON plain IS 'it''s kept'",
            "ALTER TABLE plain ALTER a SET STATISTICS 50",
            "ALTER TABLE plain SET (fillfactor = 90)",
            "CREATE INDEX old_idx ON plain (b)",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "CREATE TRIGGER calls AFTER DELETE ON plain FOR EACH ROW EXECUTE FUNCTION f()",
            "CREATE TABLE events (id int, at int NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
            "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (100)",
            "CREATE TABLE events_2 (id int NOT NULL, at int NOT NULL)",
            "CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM (200) TO (300)",
            "INSERT INTO events SELECT i, i FROM generate_series(0, 99) i",
            "INSERT INTO events_2 SELECT i, i FROM generate_series(100, 199) i",
            "INSERT INTO events SELECT i, i FROM generate_series(200, 299) i",
            "CREATE TABLE meter (id int PRIMARY KEY, at timestamptz, n int)",
            "CREATE TRIGGER noted AFTER INSERT ON meter FOR EACH ROW EXECUTE FUNCTION f()",
            "INSERT INTO meter SELECT i, TIMESTAMPTZ '2024-01-01' + i * interval '1 h', i FROM generate_series(1, 500) i",
            "CREATE TABLE reading (meter int CONSTRAINT reading_meter REFERENCES meter, at timestamptz)",
            "INSERT INTO reading SELECT id, at FROM meter WHERE id < 9 UNION ALL SELECT NULL, NULL",
            "CREATE TABLE gauge (LIKE meter INCLUDING ALL)",
            "INSERT INTO gauge SELECT * FROM meter",
            "CREATE TABLE counter (n int)",
            "INSERT INTO counter VALUES (0)");

    /** One kind of change in that schema. */
    record Kind(Change change, boolean reversible) {
        @Override
        public String toString() {
            return change.getClass().getSimpleName()
                    + (change instanceof AlterSetting setting ? " " + setting.scope() : "");
        }
    }

    private Kinds() {}

    /** All kinds, in an order in which one deployment can make them all; those that cannot be taken back come last. */
    static Stream<Kind> all() {
        return Stream.of(
                        new CreateIndex("public", "plain", "a_idx", false, "btree", List.of("a"), List.of(), null),
                        new AddForeignKeyIndex("public", "plain", "plain_parent", List.of("c"), "plain_c_idx"),
                        new Reindex("public", "old_idx"),
                        new DropIndex("public", "old_idx", "CREATE INDEX old_idx ON public.plain USING btree (b)"),
                        new Analyze("public", "plain"),
                        new CreateStatistics("public", "st", "plain", List.of(), List.of("a", "b")),
                        new AlterColumnStatistics("public", "plain", "a", 200, -0.5),
                        AlterSetting.ofSystem("random_page_cost", "1.3"),
                        AlterSetting.ofRole("postgres", "work_mem", "9MB"),
                        new CreateExtension("pg_trgm", null),
                        new AlterTable(
                                "public", "plain", Map.of("fillfactor", "70", "autovacuum_enabled", "off"), List.of()),
                        new Vacuum("public", "plain", true, false),
                        new ValidateConstraint("public", "plain", "positive"),
                        new CreateUniqueConstraint("public", "plain", "plain_id_key", List.of("id"), false),
                        new RunSql(
                                "count",
                                List.of(
                                        "UPDATE counter SET n = n + 1",
                                        "CREATE TABLE counted (n int)",
                                        "ALTER TABLE plain ALTER b SET DEFAULT '0' -- for new rows"),
                                List.of(
                                        "ALTER TABLE plain ALTER b DROP DEFAULT",
                                        "DROP TABLE counted",
                                        "UPDATE counter SET n = n - 1"),
                                true),
                        new ReplaceFunction(
                                "public",
                                "f",
                                "",
                                "CREATE OR REPLACE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"),
                        new CreateTrigger(
                                "public", "plain", "trg", "AFTER UPDATE OF a", "FOR EACH ROW EXECUTE FUNCTION f()"),
                        new CreateMaterializedView(
                                "public", "totals", "SELECT b, count(*) AS n FROM plain GROUP BY b", List.of("b"), 60L),
                        new AttachPartition("public", "events", "public", "events_2", "FOR VALUES FROM (100) TO (200)"),
                        new PartitionTable(
                                "public",
                                "meter",
                                "at",
                                new PartitionTable.Ranges(PartitionTable.Interval.YEAR, 1),
                                List.of(new PartitionTable.ForeignKey("public", "reading", "reading_meter", "at"))),
                        PartitionTable.of("public", "gauge", "id", new PartitionTable.Hashes(2)),
                        new DropOldPartitions(
                                "public", "events", List.of(new DropOldPartitions.Partition("public", "events_1"))))
                .map(change -> new Kind(change, change.irreversible().isEmpty()));
    }

    /** Those whose names match a system property's pattern; all if it is not set. */
    static Stream<Kind> chosen(String property) {
        String pattern = System.getProperty(property, ".*");
        return all().filter(kind -> kind.change().getClass().getSimpleName().matches(pattern));
    }

    /** Makes the schema, with more statements after it, for {@link #copy} on the same server. */
    static Bench template(LocalServer local, String... more) {
        Bench.on(local, "CREATE DATABASE " + TEMPLATE);
        Bench template = new Bench(local.address(TEMPLATE));
        template.run(SCHEMA.toArray(String[]::new));
        template.run(more);
        return template;
    }

    /** A fresh copy of the template. */
    static Bench copy(LocalServer local) {
        return Bench.copy(local, TEMPLATE);
    }
}
