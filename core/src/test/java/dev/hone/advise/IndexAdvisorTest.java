package dev.hone.advise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Progress;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.twin.Plan;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class IndexAdvisorTest {

    private static LocalServer local;
    private static Server server;
    private static Snapshot snapshot;
    private static Twin twin;

    @BeforeAll
    static void start() {
        // VACUUM calls no row visible to all whose commit is not on disk yet.
        local = LocalServer.start(Installation.embedded(), Map.of("jit", "off", "synchronous_commit", "on"));
        server = Server.connect(local.address("postgres"));
        Handle h = server.handle();
        h.execute("CREATE TABLE users (id int PRIMARY KEY, email varchar(80) NOT NULL, country text NOT NULL)");
        h.execute("INSERT INTO users SELECT i, 'User' || i || '@example.org', 'c' || i % 40"
                + " FROM generate_series(1, 20000) i");
        h.execute(
                "CREATE TABLE bets (id bigint PRIMARY KEY, user_id int NOT NULL, event_id int NOT NULL, status text NOT NULL,"
                        + " stake numeric NOT NULL, placed_at timestamptz NOT NULL, settled_at timestamptz, note text)");
        // Few users place most bets; nearly all bets are settled.
        h.execute(
                "INSERT INTO bets SELECT i, (20000 * power(abs(hashint4(i)::float8 / 2147483648), 3))::int + 1, i % 2000,"
                        + " CASE WHEN i % 200 = 0 THEN 'pending' WHEN i % 3 = 0 THEN 'lost' ELSE 'won' END, i % 100,"
                        + " timestamptz '2026-01-01Z' + i * interval '1 minute',"
                        + " CASE WHEN i % 200 <> 0 THEN timestamptz '2026-01-02Z' + i * interval '1 minute' END,"
                        + " repeat('x', 100) FROM generate_series(1, 150000) i");
        h.execute("CREATE INDEX bets_event_idx ON bets (event_id, placed_at)");
        h.execute("CREATE TABLE log (id bigint, kind int, body text)");
        h.execute("INSERT INTO log SELECT i, i % 1000, repeat('y', 20) FROM generate_series(1, 20000) i");
        h.execute("CREATE TABLE pages (id int, url text, body text STORAGE EXTERNAL, slug varchar(60))");
        h.execute("INSERT INTO pages SELECT i, 'u' || i, repeat(md5(i::text), 100), 's' || i"
                + " FROM generate_series(1, 3000) i");
        h.execute("CREATE TABLE payments (id int PRIMARY KEY, kind int NOT NULL, state int NOT NULL, payer int NOT NULL"
                + " REFERENCES users, at int NOT NULL, memo text)");
        // Stored by kind, so that the planner thinks an index that begins with it reads the table in order.
        h.execute("INSERT INTO payments SELECT i, i / 20000, i % 20, (i::bigint * 7919) % 20000 + 1, hashint4(i),"
                + " repeat('m', 60) FROM generate_series(1, 100000) i");
        h.execute("CREATE SCHEMA \"Odd \"\"Schema\"");
        h.execute(
                "CREATE TABLE \"Odd \"\"Schema\".\"Größe\nof; DROP TABLE x; -- a very long name, nearly 63 byte\" (\"Mixed \"\"Case\" int,"
                        + " \"select\" int, filler text)");
        h.execute("INSERT INTO \"Odd \"\"Schema\".\"Größe\nof; DROP TABLE x; -- a very long name, nearly 63 byte\""
                + " SELECT i, i % 7, repeat('z', 50) FROM generate_series(1, 30000) i");
        h.execute("CREATE TABLE parts (at int NOT NULL, device int, v text) PARTITION BY RANGE (at)");
        h.execute("CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (20000)");
        h.execute("CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (20000) TO (40000)");
        h.execute(
                "CREATE TABLE parts_rest PARTITION OF parts FOR VALUES FROM (40000) TO (80000) PARTITION BY RANGE (at)");
        h.execute("CREATE TABLE parts_3 PARTITION OF parts_rest FOR VALUES FROM (40000) TO (60000)");
        h.execute("INSERT INTO parts SELECT i, i % 5000, repeat('v', 50) FROM generate_series(1, 59999) i");
        h.execute("VACUUM ANALYZE");
        snapshot = SnapshotReader.whole(List.of()).read(server, Progress.NONE);
        twin = Twin.build(snapshot, Progress.NONE);
    }

    @AfterAll
    static void stop() {
        twin.close();
        server.close();
        local.close();
    }

    private static Workload.Query query(String id, double calls, String sql) {
        return new Workload.Query(id, sql, calls, null, null, List.of());
    }

    private static Workload workload(Workload.Query... queries) {
        return new Workload("test", List.of(queries));
    }

    private static Advice advise(Workload.Query... queries) {
        return IndexAdvisor.advise(twin, snapshot, workload(queries), AdviceOptions.DEFAULT, Progress.NONE);
    }

    private static List<String> statements(Advice advice) {
        return advice.recommendations().stream()
                .map(one -> one.change().sql().getFirst())
                .toList();
    }

    @Test
    void equality_keys_come_before_the_sort_key_and_the_real_index_is_as_good_as_promised() {
        String sql = "SELECT id, note FROM bets WHERE user_id = $1 AND status = $2 ORDER BY placed_at DESC LIMIT 20";
        List<List<@Nullable String>> samples = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            samples.add(List.of(String.valueOf(1 + i * i * 50), i % 2 == 0 ? "won" : "lost"));
        }
        Advice advice = advise(new Workload.Query("latest", sql, 1000, null, null, samples));

        assertThat(advice.recommendations()).singleElement().satisfies(one -> {
            CreateIndex index = (CreateIndex) one.change();
            assertThat(index.keys().subList(0, 2)).containsExactlyInAnyOrder("\"user_id\"", "\"status\"");
            assertThat(index.keys().get(2)).isEqualTo("\"placed_at\"");
            assertThat(one.effects()).singleElement().satisfies(effect -> {
                assertThat(effect.query()).isEqualTo("latest");
                assertThat(effect.costAfter()).isLessThan(effect.costBefore() / 10);
            });
            assertThat(one.alternatives()).isNotEmpty();
            assertThat(one.reason()).contains("latest");

            double before = realCost(
                    "SELECT id, note FROM bets WHERE user_id = 1 AND status = 'won' ORDER BY placed_at DESC LIMIT 20");
            long bytes = build(index, () -> {
                double after = realCost(
                        "SELECT id, note FROM bets WHERE user_id = 1 AND status = 'won' ORDER BY placed_at DESC LIMIT 20");
                assertThat(after).isLessThan(before / 10);
            });
            assertThat((double) one.sizeBytes()).isBetween(bytes * 0.8, bytes * 1.2);
        });
        assertThat(advice.costAfter()).isLessThan(advice.costBefore() / 10);
    }

    @Test
    void a_rare_constant_makes_a_partial_index() {
        Advice advice = advise(
                query("queue", 500, "SELECT id, stake FROM bets WHERE status = 'pending' ORDER BY placed_at LIMIT 10"));
        assertThat(advice.recommendations()).singleElement().satisfies(one -> {
            CreateIndex index = (CreateIndex) one.change();
            assertThat(index.predicate()).isEqualTo("\"status\" = 'pending'");
            assertThat(index.keys()).containsExactly("\"placed_at\"");
            assertThat(one.sizeBytes()).isLessThan(100_000);
            build(
                    index,
                    () -> assertThat(realIndexes(
                                    "SELECT id, stake FROM bets WHERE status = 'pending' ORDER BY placed_at LIMIT 10"))
                            .contains(index.name()));
        });
    }

    @Test
    void statements_with_their_values_in_the_text_get_the_index_that_parameters_would() {
        Advice advice = advise(
                query("a", 10, "SELECT note FROM bets WHERE user_id = 17 AND status = 'won'"),
                query("b", 10, "SELECT note FROM bets WHERE user_id = 4711 AND status = 'lost'"),
                query("c", 10, "SELECT note FROM bets WHERE user_id = 900 AND status = 'won'"));
        assertThat(advice.recommendations()).singleElement().satisfies(one -> {
            CreateIndex index = (CreateIndex) one.change();
            assertThat(index.predicate()).isNull();
            assertThat(index.keys()).contains("\"user_id\"");
            assertThat(one.effects()).extracting(Recommendation.Effect::query).containsExactly("a and 2 alike");
        });
    }

    @Test
    void one_value_of_many_is_no_reason_for_a_partial_index() {
        Advice advice = advise(query("a", 10, "SELECT count(note) FROM bets WHERE user_id = 17"));
        assertThat(advice.recommendations())
                .singleElement()
                .satisfies(one ->
                        assertThat(((CreateIndex) one.change()).predicate()).isNull());
    }

    @Test
    void rows_with_null_make_a_partial_index_too() {
        Advice advice =
                advise(query("open", 500, "SELECT id, note FROM bets WHERE settled_at IS NULL AND user_id = $1"));
        assertThat(statements(advice))
                .singleElement()
                .asString()
                .contains("(\"user_id\")", "WHERE \"settled_at\" IS NULL");
    }

    @Test
    void columns_are_carried_along_where_that_saves_reading_the_table() {
        Advice advice = advise(
                query(
                        "sum",
                        1000,
                        "SELECT sum(stake) FROM bets WHERE user_id = $1 AND placed_at > now() - interval '1 day'"),
                query("count", 1000, "SELECT count(*), sum(stake) FROM bets WHERE user_id BETWEEN $1 AND $2"));
        assertThat(statements(advice)).anySatisfy(sql -> assertThat(sql).contains("INCLUDE (\"stake\""));
        CreateIndex index = (CreateIndex) advice.recommendations().getFirst().change();
        build(
                index,
                () -> assertThat(realPlan("SELECT sum(stake) FROM bets WHERE user_id BETWEEN 5000 AND 5100")
                                .nodes())
                        .anySatisfy(node -> assertThat(node.type()).isEqualTo("Index Only Scan")));
    }

    @Test
    void the_budget_holds_and_is_spent_on_what_saves_most() {
        Workload.Query[] queries = {
            query("user", 1000, "SELECT * FROM bets WHERE user_id = $1"),
            query("stake", 10, "SELECT * FROM bets WHERE stake = $1 AND placed_at > $2"),
            query("email", 1000, "SELECT * FROM users WHERE email = $1")
        };
        long all = sizes(advise(queries));
        long budget = all / 2;
        Advice half = IndexAdvisor.advise(
                twin, snapshot, workload(queries), AdviceOptions.DEFAULT.withBudget(budget), Progress.NONE);
        assertThat(sizes(half)).isPositive().isLessThanOrEqualTo(budget);
        assertThat(half.costAfter()).isLessThan(half.costBefore());
        Advice nothing = IndexAdvisor.advise(
                twin, snapshot, workload(queries), AdviceOptions.DEFAULT.withBudget(0), Progress.NONE);
        assertThat(nothing.recommendations()).isEmpty();
        assertThat(nothing.costAfter()).isEqualTo(nothing.costBefore());
    }

    @Test
    void without_an_excluded_index_comes_the_next_best_choice() {
        Workload.Query[] queries = {
            query("user", 1000, "SELECT * FROM bets WHERE user_id = $1"),
            query("parts", 1, "SELECT * FROM parts WHERE device = 7")
        };
        AdviceOptions options = AdviceOptions.DEFAULT;
        List<String> seen = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            Advice advice = IndexAdvisor.advise(twin, snapshot, workload(queries), options, Progress.NONE);
            List<CreateIndex> indexes = advice.recommendations().stream()
                    .map(one -> (CreateIndex) one.change())
                    .toList();
            assertThat(indexes).extracting(AdviceOptions::identity).noneMatch(seen::contains);
            indexes.forEach(index -> seen.add(AdviceOptions.identity(index)));
            options = options.excluding(indexes);
            if (round == 0) {
                assertThat(indexes).extracting(CreateIndex::table).containsExactlyInAnyOrder("bets", "parts");
            }
        }
    }

    @Test
    void several_twins_give_the_same_advice_as_one() {
        Workload workload = workload(
                query("user", 1000, "SELECT * FROM bets WHERE user_id = $1 ORDER BY placed_at DESC LIMIT 20"),
                query("stake", 10, "SELECT * FROM bets WHERE stake = $1 AND placed_at > $2"),
                query(
                        "join",
                        10,
                        "SELECT u.email FROM users u JOIN bets b ON b.user_id = u.id WHERE b.status = 'pending'"),
                query("email", 1000, "SELECT * FROM users WHERE email = $1"),
                query("log", 100, "SELECT count(*) FROM log WHERE kind = $1"));
        Advice one = IndexAdvisor.advise(twin, snapshot, workload, AdviceOptions.DEFAULT, Progress.NONE);
        try (Twin second = Twin.build(snapshot, Progress.NONE);
                Twin third = Twin.build(snapshot, Progress.NONE)) {
            Advice several = IndexAdvisor.advise(
                    List.of(twin, second, third), snapshot, workload, AdviceOptions.DEFAULT, Progress.NONE);
            assertThat(several.recommendations())
                    .isEqualTo(one.recommendations())
                    .isNotEmpty();
            assertThat(several.effort().plans()).isEqualTo(one.effort().plans());
            assertThat(several.costAfter()).isEqualTo(one.costAfter());
        }
    }

    @Test
    void what_a_plan_is_worth_decides() {
        Workload.Query query = query("user", 1000, "SELECT * FROM bets WHERE user_id = $1");
        TimeModel indexesAreUseless = plan -> plan.nodes()
                        .anyMatch(node ->
                                node.type().contains("Bitmap") || node.type().contains("Index"))
                ? 1e6
                : plan.totalCost();
        assertThat(advise(query).recommendations()).hasSize(1);
        assertThat(IndexAdvisor.advise(
                                twin,
                                snapshot,
                                workload(query),
                                AdviceOptions.DEFAULT.withTimeModel(indexesAreUseless),
                                Progress.NONE)
                        .recommendations())
                .isEmpty();
    }

    @Test
    void an_index_that_costs_writers_more_than_it_saves_readers_is_left_out() {
        Workload.Query read = query("read", 1, "SELECT body FROM log WHERE kind = $1");
        assertThat(statements(advise(read))).hasSize(1);
        Workload.Query write = query("write", 1_000_000, "INSERT INTO log VALUES ($1, $2, $3)");
        assertThat(statements(advise(read, write))).isEmpty();
        assertThat(statements(advise(
                        query("read", 1_000_000, "SELECT body FROM log WHERE kind = $1"),
                        query("write", 1_000_000, "INSERT INTO log VALUES ($1, $2, $3)"))))
                .hasSize(1);
    }

    @Test
    void an_update_of_an_indexed_column_weighs_more_than_one_beside_it() {
        Workload.Query read = query("read", 100, "SELECT body FROM log WHERE kind = $1");
        String where = " WHERE id = -1";
        Workload.Query beside =
                new Workload.Query("w", "UPDATE log SET body = 'x'" + where, 10_000, null, 10_000L, List.of());
        Workload.Query at =
                new Workload.Query("w", "UPDATE log SET kind = 1" + where, 10_000, null, 10_000L, List.of());
        assertThat(upkeep(advise(read, at))).isGreaterThan(1.5 * upkeep(advise(read, beside)));
    }

    private static double upkeep(Advice advice) {
        return advice.recommendations().getFirst().effects().stream()
                .filter(effect -> effect.query().equals("w"))
                .mapToDouble(effect -> effect.costAfter() - effect.costBefore())
                .sum();
    }

    @Test
    void what_exists_is_not_recommended() {
        assertThat(statements(advise(
                        query("a", 100, "SELECT * FROM bets WHERE event_id = $1 ORDER BY placed_at DESC LIMIT 5"),
                        query("b", 100, "SELECT * FROM bets WHERE id = $1"),
                        query("c", 100, "SELECT * FROM bets WHERE id = $1 AND status = $2"),
                        query("d", 100, "SELECT * FROM bets WHERE event_id = $1"))))
                .isEmpty();
    }

    @Test
    void joins_get_an_index_on_the_inner_side() {
        Advice advice = advise(query(
                "join",
                100,
                "SELECT b.note FROM users u JOIN bets b ON b.user_id = u.id WHERE u.email = $1 ORDER BY b.placed_at"));
        assertThat(statements(advice))
                .anySatisfy(sql -> assertThat(sql).contains("ON \"public\".\"bets\" USING btree (\"user_id\""))
                .anySatisfy(sql -> assertThat(sql).contains("ON \"public\".\"users\" USING btree (\"email\""));
    }

    @Test
    void the_smallest_and_the_largest_value_are_read_from_an_index() {
        assertThat(statements(advise(query("last", 100, "SELECT max(placed_at) FROM bets"))))
                .singleElement()
                .asString()
                .contains("(\"placed_at\")");
    }

    @Test
    void a_table_that_is_scanned_for_its_order_alone_gets_a_better_index() {
        server.handle().execute("CREATE INDEX bets_placed_idx ON bets (placed_at)");
        try {
            Snapshot with = SnapshotReader.whole(List.of()).read(server, Progress.NONE);
            try (Twin other = Twin.build(with, Progress.NONE)) {
                Advice advice = IndexAdvisor.advise(
                        other,
                        with,
                        workload(
                                query(
                                        "latest",
                                        100,
                                        "SELECT note FROM bets WHERE status = 'lost' AND stake = 7 ORDER BY placed_at LIMIT 50")),
                        AdviceOptions.DEFAULT,
                        Progress.NONE);
                assertThat(statements(advice)).singleElement().asString().contains("\"placed_at\"", "\"stake\"");
            }
        } finally {
            server.handle().execute("DROP INDEX bets_placed_idx");
        }
    }

    @Test
    void an_expression_is_indexed_as_it_is_asked_for() {
        Advice advice = advise(query("login", 100, "SELECT id FROM users WHERE lower(email) = $1"));
        CreateIndex index = (CreateIndex) advice.recommendations().getFirst().change();
        build(index, () -> {
            server.handle().execute("ANALYZE users");
            assertThat(realIndexes("SELECT id FROM users WHERE lower(email) = 'user5@example.org'"))
                    .containsExactly(index.name());
        });
    }

    @Test
    void hostile_names_are_served_like_any_other() {
        String table = "\"Odd \"\"Schema\".\"Größe\nof; DROP TABLE x; -- a very long name, nearly 63 byte\"";
        Advice advice = advise(
                query("odd", 10, "SELECT filler FROM " + table + " WHERE \"Mixed \"\"Case\" = $1 AND \"select\" = 3"));
        assertThat(advice.recommendations()).isNotEmpty();
        CreateIndex index = (CreateIndex) advice.recommendations().getFirst().change();
        assertThat(index.name().getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(63);
        assertThat(index.name()).endsWith("_idx");
        build(
                index,
                () -> assertThat(realIndexes(
                                "SELECT filler FROM " + table + " WHERE \"Mixed \"\"Case\" = 77 AND \"select\" = 3"))
                        .contains(index.name()));
    }

    @Test
    void a_partitioned_table_gets_one_index_that_partitions_to_come_inherit() {
        Advice advice = advise(query("device", 100, "SELECT v FROM parts WHERE device = $1 ORDER BY at"));
        assertThat(advice.recommendations()).singleElement().satisfies(one -> {
            CreateIndex index = (CreateIndex) one.change();
            assertThat(index.table()).isEqualTo("parts");
            assertThat(index.keys()).containsExactly("\"device\"", "\"at\"");
            // The whole, three partitions of which one is partitioned, its partition, and each but the first attached.
            assertThat(index.sql()).hasSize(9);
            Handle h = server.handle();
            index.sql().forEach(h::execute);
            try {
                h.execute("CREATE TABLE parts_later PARTITION OF parts FOR VALUES FROM (80000) TO (90000)");
                assertThat(h.createQuery(
                                        "SELECT c.relname || ' ' || i.indisvalid || ' ' || (SELECT count(*) FROM"
                                                + " pg_index l WHERE l.indrelid = 'parts_later'::regclass) FROM pg_index i"
                                                + " JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 'parts'::regclass")
                                .mapTo(String.class)
                                .list())
                        .containsExactly(index.name() + " true 1");
                assertThat(realIndexes("SELECT v FROM parts WHERE device = 5 AND at < 20000 ORDER BY at"))
                        .hasSize(1);
                assertThat(realIndexes("SELECT v FROM parts WHERE device = 5 AND at > 50000 ORDER BY at"))
                        .isNotEmpty();
            } finally {
                h.execute("DROP TABLE IF EXISTS parts_later");
                index.undoSql().forEach(h::execute);
            }
            assertThat(h.createQuery("SELECT count(*) FROM pg_index WHERE indrelid = 'parts_1'::regclass")
                            .mapTo(Integer.class)
                            .one())
                    .isZero();
        });
    }

    @Test
    void the_order_of_all_partitions_is_wanted_of_each() {
        Advice advice = advise(query("last", 100, "SELECT v FROM parts ORDER BY device DESC LIMIT 5"));
        assertThat(statements(advice)).singleElement().asString().contains("ONLY \"public\".\"parts\"", "(\"device\")");
    }

    @Test
    void the_same_input_gives_the_same_advice() {
        Workload.Query[] queries = {
            query("user", 1000, "SELECT * FROM bets WHERE user_id = $1 AND status = $2"),
            query("stake", 10, "SELECT * FROM bets WHERE stake = $1 AND placed_at > $2"),
            query(
                    "join",
                    50,
                    "SELECT * FROM users u JOIN bets b ON b.user_id = u.id WHERE u.country = $1 AND b.status = 'pending'")
        };
        Advice first = advise(queries);
        Advice second = advise(queries);
        assertThat(second.recommendations()).isNotEmpty().isEqualTo(first.recommendations());
    }

    @Test
    void what_cannot_be_planned_is_said_and_the_rest_served() {
        Advice advice = advise(
                query("broken", 10, "SELECT * FROM no_such_table WHERE a = $1"),
                query("user", 10, "SELECT * FROM bets WHERE user_id = $1"));
        assertThat(advice.notes()).anySatisfy(note -> assertThat(note).contains("broken", "no_such_table"));
        assertThat(statements(advice)).hasSize(1);
    }

    @Test
    void without_time_there_is_no_advice_and_it_is_said() {
        Advice advice = IndexAdvisor.advise(
                twin,
                snapshot,
                workload(query("user", 10, "SELECT * FROM bets WHERE user_id = $1")),
                AdviceOptions.DEFAULT.withTimeLimit(Duration.ZERO),
                Progress.NONE);
        assertThat(advice.effort().complete()).isFalse();
        assertThat(advice.notes()).anySatisfy(note -> assertThat(note).contains("time limit"));
    }

    @Test
    void a_parameter_that_is_always_the_same_makes_a_partial_index_and_a_warning() {
        List<List<@Nullable String>> samples = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            samples.add(Arrays.asList("pending", String.valueOf(i * 100)));
        }
        Advice advice = advise(new Workload.Query(
                "always",
                "SELECT note FROM bets WHERE status = $1 AND user_id > $2 ORDER BY placed_at LIMIT 50",
                100,
                null,
                null,
                samples));
        assertThat(statements(advice)).singleElement().asString().contains("WHERE \"status\" = 'pending'");
        assertThat(advice.notes()).anySatisfy(note -> assertThat(note).contains("every sampled call"));
    }

    @Test
    void a_key_lookup_gets_no_second_index_to_save_one_page() {
        assertThat(statements(advise(
                        query("name", 1_000_000, "SELECT email FROM users WHERE id = $1"),
                        query("bet", 1_000_000, "SELECT stake FROM bets WHERE id = $1"))))
                .isEmpty();
    }

    @Test
    void one_index_serves_two_queries_where_each_alone_would_want_its_own() {
        Advice advice = advise(
                query(
                        "latest",
                        1000,
                        "SELECT note FROM bets WHERE user_id = $1 AND status = $2 ORDER BY placed_at LIMIT 20"),
                query("count", 1000, "SELECT count(*) FROM bets WHERE user_id = $1 AND status = $2"));
        assertThat(statements(advice)).singleElement().asString().contains("(\"user_id\", \"status\", \"placed_at\")");
    }

    @Test
    void a_foreign_key_comes_first_where_the_order_makes_no_difference() {
        Advice advice = advise(
                query("memo", 1000, "SELECT memo FROM payments WHERE kind = $1 AND payer = $2 AND state = $3"),
                query("sum", 1000, "SELECT memo FROM payments WHERE kind = $1 AND payer = $2"));
        assertThat(advice.recommendations())
                .singleElement()
                .satisfies(
                        one -> assertThat(((CreateIndex) one.change()).keys()).startsWith("\"payer\""));
    }

    @Test
    void a_column_with_values_too_long_for_an_entry_is_in_no_index() {
        Advice wide = advise(query("body", 100, "SELECT id FROM pages WHERE body < $1"));
        assertThat(statements(wide)).isEmpty();
        assertThat(wide.notes()).anySatisfy(note -> assertThat(note).contains("pages", "body", "2,704 bytes"));
        assertThat(statements(advise(
                        query("url", 100, "SELECT id FROM pages WHERE url = $1 AND body <> $2"),
                        query("slug", 100, "SELECT id FROM pages WHERE slug = $1"))))
                .hasSize(2)
                .noneSatisfy(sql -> assertThat(sql).contains("body"));
    }

    @Test
    void second_names_end_as_postgresql_would_end_them() {
        IndexNames names = new IndexNames(new Schema(snapshot));
        Schema.Name table = new Schema.Name("public", "bets");
        assertThat(names.name(table, List.of("\"a\""))).isEqualTo("bets_a_idx");
        assertThat(names.name(table, List.of("\"a\""))).isEqualTo("bets_a_idx1");
        String longest = "x".repeat(70);
        assertThat(names.name(table, List.of("\"" + longest + "\""))).endsWith("_idx");
        assertThat(names.name(table, List.of("\"" + longest + "\"")))
                .hasSize(63)
                .endsWith("_idx1");
    }

    @Test
    void reasons_and_alternatives_say_how_much_in_words() {
        Advice advice = advise(query("user", 1000, "SELECT * FROM bets WHERE user_id = $1 AND status = $2"));
        assertThat(advice.recommendations().getFirst().reason())
                .contains("Query user gets", "times cheaper", "1,000 calls", "times as much");
        assertThat(Quantity.weighed(100, 112, 5000, 5000)).isEqualTo("12 % larger and no cheaper.");
        assertThat(Quantity.weighed(100, 300, 5000, 4990))
                .isEqualTo("3.0 times as large, and the workload would be only 0.20 % cheaper.");
        assertThat(Quantity.weighed(100, 50, 100, 340))
                .isEqualTo("50 % smaller, but the workload would cost 3.4 times as much.");
        assertThat(Quantity.dearer(1e9, 1e9 + 1)).isEqualTo("less than 0.01 % more");
    }

    private static long sizes(Advice advice) {
        return advice.recommendations().stream()
                .mapToLong(Recommendation::sizeBytes)
                .sum();
    }

    /** Builds an index on the source, looks at it, and drops it again; gives its size in bytes. */
    private static long build(CreateIndex index, Runnable look) {
        server.handle().execute(index.statement(true));
        try {
            server.handle().execute("VACUUM " + dev.hone.postgres.Sql.identifier(index.schema(), index.table()));
            look.run();
            return server.handle()
                    .createQuery("SELECT pg_relation_size(?::text::regclass)")
                    .bind(0, index.subject())
                    .mapTo(Long.class)
                    .one();
        } finally {
            server.handle().execute(index.undoSql().getFirst());
        }
    }

    private static Plan realPlan(String sql) {
        return Plan.parse(server.handle()
                .createQuery("EXPLAIN (VERBOSE, FORMAT JSON) " + sql)
                .mapTo(String.class)
                .one());
    }

    private static double realCost(String sql) {
        return realPlan(sql).totalCost();
    }

    private static List<String> realIndexes(String sql) {
        return realPlan(sql)
                .nodes()
                .flatMap(node ->
                        node.index() == null ? java.util.stream.Stream.of() : java.util.stream.Stream.of(node.index()))
                .toList();
    }
}
