package dev.hone.advise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Progress;
import dev.hone.change.CreateExtension;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.postgres.Sql;
import dev.hone.twin.Plan;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** For each kind of index: it is advised where it helps, used by a real server, and not advised where it does not. */
class CandidateKindsTest {

    private static LocalServer local;
    private static Server server;
    private static Snapshot snapshot;
    private static Twin twin;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installation.embedded(), Map.of("jit", "off", "synchronous_commit", "on"));
        try (Server first = Server.connect(local.address("postgres"))) {
            // Texts in a language's order, as most databases have it, so that a plain btree does not serve LIKE.
            first.handle()
                    .execute(
                            "CREATE DATABASE kinds TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'");
        }
        server = Server.connect(local.address("kinds"));
        Handle h = server.handle();
        h.execute("CREATE TABLE tracks (id int PRIMARY KEY, title text NOT NULL, code varchar(40) NOT NULL,"
                + " isrc text COLLATE \"C\" NOT NULL, features jsonb NOT NULL, tags text[] NOT NULL, lyrics text NOT NULL,"
                + " words tsvector NOT NULL, played daterange NOT NULL, place point NOT NULL, address inet NOT NULL,"
                + " token text NOT NULL, at timestamptz NOT NULL, day date NOT NULL, rank int, score numeric NOT NULL,"
                + " processed boolean NOT NULL, deleted_at timestamptz, width int NOT NULL, height int NOT NULL)");
        h.execute("""
                INSERT INTO tracks
                SELECT i, substr(md5(i::text), 1, 12) || ' ' || substr(md5((i * 7)::text), 1, 9), 'code-' || md5((i * 3)::text),
                       md5((i * 5)::text),
                       jsonb_build_object('tempo', i % 997, 'key', 'k' || i % 24, 'source', 's' || hashint4(i) % 2000),
                       ARRAY['t' || i % 1500, 'u' || hashint4(i) % 900],
                       'la ' || substr(md5((i % 3000)::text), 1, 6) || ' lo ' || substr(md5((i % 2500 + 10)::text), 1, 6) || repeat(' lulu', 16),
                       to_tsvector('simple', 'la ' || substr(md5((i % 3000)::text), 1, 6)),
                       daterange(date '2020-01-01' + i / 20, date '2020-01-01' + i / 20 + 3),
                       point(hashint4(i) % 10000, hashint4(i + 7) % 10000),
                       ('10.' || i % 200 || '.' || i % 251 || '.' || i % 97)::inet,
                       md5((i * 11)::text) || md5((i * 13)::text), timestamptz '2026-01-01Z' + i * interval '20 seconds',
                       date '2026-01-01' + i / 4000, CASE WHEN i % 3 > 0 THEN abs(hashint4(i)) % 10000 END, abs(hashint4(i)) % 1000 / 10.0,
                       i % 400 > 0, CASE WHEN i % 100 > 0 THEN timestamptz '2026-01-01Z' + i * interval '1 second' END,
                       hashint4(i) % 1000, hashint4(i + 1) % 1000
                FROM generate_series(1, 60000) i""");
        h.execute("CREATE TABLE albums (id int PRIMARY KEY, name text NOT NULL)");
        h.execute("INSERT INTO albums SELECT i, 'album ' || i FROM generate_series(1, 3000) i");
        h.execute("CREATE TABLE songs (id int PRIMARY KEY, album_id int NOT NULL REFERENCES albums, pos int NOT NULL,"
                + " played_at timestamptz NOT NULL, filler text)");
        h.execute(
                "INSERT INTO songs SELECT i, abs(hashint4(i)) % 3000 + 1, i % 20, timestamptz '2026-01-01Z' + i * interval"
                        + " '1 minute', repeat('f', 60) FROM generate_series(1, 60000) i");
        h.execute("CREATE TABLE old_songs () INHERITS (songs)");
        h.execute("INSERT INTO old_songs SELECT i, i % 3000 + 1, i % 20, timestamptz '2025-01-01Z' + i * interval"
                + " '1 minute', repeat('f', 60) FROM generate_series(60001, 90000) i");
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

    private static Workload.Query query(String sql) {
        return new Workload.Query("q", sql, 1000, null, null, List.of());
    }

    private static Advice advise(Workload.Query... queries) {
        return advise(AdviceOptions.DEFAULT, queries);
    }

    private static Advice advise(AdviceOptions options, Workload.Query... queries) {
        return IndexAdvisor.advise(twin, snapshot, new Workload("test", List.of(queries)), options, Progress.NONE);
    }

    private static List<CreateIndex> indexes(Advice advice) {
        return advice.recommendations().stream()
                .map(Recommendation::change)
                .flatMap(change -> change instanceof CreateIndex index ? Stream.of(index) : Stream.empty())
                .toList();
    }

    /** What follows USING, for one statement. */
    private static List<String> shapes(String sql) {
        return indexes(advise(query(sql))).stream()
                .map(index -> index.statement(false).replaceFirst(".* USING ", ""))
                .toList();
    }

    /** That just this index is advised for a statement, and that a real server uses it for a call. */
    private static void assertAdvised(String sql, String call, String shape) {
        assertUsed(advise(query(sql)), sql, call, shape);
    }

    private static void assertUsed(Advice advice, String sql, String call, String shape) {
        List<CreateIndex> indexes = indexes(advice);
        assertThat(indexes).as(sql).hasSize(1);
        CreateIndex index = indexes.getFirst();
        assertThat(index.statement(false)).endsWith(" USING " + shape);
        Handle h = server.handle();
        advice.recommendations().forEach(one -> one.change().sql().forEach(h::execute));
        try {
            // Statistics of expressions are gathered for an index only once it is there.
            h.execute("VACUUM ANALYZE " + Sql.identifier(index.schema(), index.table()));
            assertThat(realPlan(call).nodes().map(Plan.Node::index).toList())
                    .as(call)
                    .contains(index.name());
        } finally {
            advice.recommendations()
                    .reversed()
                    .forEach(one -> one.change().undoSql().forEach(h::execute));
        }
    }

    private static void assertAdvised(String sql, String shape) {
        assertAdvised(sql, sql, shape);
    }

    private static Plan realPlan(String sql) {
        return Plan.parse(server.handle()
                .createQuery("EXPLAIN (VERBOSE, FORMAT JSON) " + sql)
                .mapTo(String.class)
                .one());
    }

    @Test
    void mixed_directions_are_kept_and_falling_ones_turned_round() {
        assertAdvised(
                "SELECT id, lyrics FROM tracks ORDER BY width DESC, height LIMIT 10",
                "btree (\"width\", \"height\" DESC)");
        assertAdvised(
                "SELECT id, lyrics FROM tracks ORDER BY width DESC, height DESC LIMIT 10",
                "btree (\"width\", \"height\")");
    }

    @Test
    void nulls_stand_where_the_query_wants_them_even_if_there_can_be_none() {
        assertAdvised(
                "SELECT id, lyrics FROM tracks ORDER BY rank DESC NULLS LAST LIMIT 10", "btree (\"rank\" NULLS FIRST)");
        assertAdvised(
                "SELECT id, lyrics FROM tracks ORDER BY score DESC NULLS LAST LIMIT 10",
                "btree (\"score\" NULLS FIRST)");
        assertAdvised("SELECT id, lyrics FROM tracks ORDER BY rank LIMIT 10", "btree (\"rank\")");
    }

    @Test
    void a_page_after_the_last_row_seen_is_read_by_an_index() {
        assertAdvised(
                "SELECT id, lyrics FROM tracks WHERE (day, id) < ($1, $2) ORDER BY day DESC, id DESC LIMIT 10",
                "SELECT id, lyrics FROM tracks WHERE (day, id) < ('2026-01-08', 7) ORDER BY day DESC, id DESC LIMIT 10",
                "btree (\"day\", \"id\")");
    }

    @Test
    void the_beginning_of_a_text_needs_another_operator_class_unless_bytes_decide() {
        assertAdvised(
                "SELECT id, lyrics FROM tracks WHERE code LIKE 'code-1234%'", "btree (\"code\" varchar_pattern_ops)");
        assertAdvised("SELECT id, lyrics FROM tracks WHERE isrc LIKE '1234%'", "btree (\"isrc\")");
        assertAdvised("SELECT id, lyrics FROM tracks WHERE isrc > 'fff' ORDER BY isrc LIMIT 9", "btree (\"isrc\")");
    }

    @Test
    void expressions_are_indexed_as_they_are_asked_for() {
        assertAdvised(
                "SELECT id, lyrics FROM tracks WHERE features->>'source' = 's77'",
                "btree ((\"features\" ->> 'source'::text))");
        assertAdvised("SELECT id, lyrics FROM tracks WHERE width + height = 77", "btree ((\"width\" + \"height\"))");
        assertAdvised(
                "SELECT id, lyrics FROM tracks WHERE (features->>'tempo')::int = 77",
                "btree (((\"features\" ->> 'tempo'::text)::integer))");
        assertAdvised(
                "SELECT id, lyrics FROM tracks WHERE date_trunc('hour', at AT TIME ZONE 'UTC') = '2026-01-07 10:00'",
                "btree ((date_trunc('hour'::text, (\"at\" AT TIME ZONE 'UTC'::text))))");
    }

    @Test
    void an_expression_that_depends_on_the_time_zone_is_no_index_but_a_hint() {
        Advice advice = advise(query("SELECT id FROM tracks WHERE date_trunc('day', at) = '2026-01-02'"));
        assertThat(indexes(advice)).isEmpty();
        assertThat(advice.hints()).singleElement().satisfies(hint -> {
            assertThat(hint.rule()).isEqualTo("expression-not-immutable");
            assertThat(hint.what()).contains("date_trunc", "\"at\"", "tracks");
        });
        assertThat(advise(query("SELECT id FROM tracks WHERE day = '2026-01-02'"))
                        .hints())
                .isEmpty();
        // What else a query asks for beside it is not to blame, in that one or in another.
        assertThat(advise(
                                query(
                                        "SELECT id FROM tracks WHERE date_trunc('day', at) = '2026-01-02' AND score > 98"),
                                query("SELECT id FROM tracks WHERE score > 98 AND width = 7"))
                        .hints())
                .singleElement()
                .satisfies(hint -> assertThat(hint.what()).contains("date_trunc"));
    }

    @Test
    void rare_rows_are_indexed_alone_by_all_conditions_together() {
        assertAdvised(
                "SELECT id, lyrics FROM tracks WHERE NOT processed ORDER BY at LIMIT 50",
                "btree (\"at\") WHERE NOT \"processed\"");
        assertAdvised(
                "SELECT id, lyrics FROM tracks WHERE processed IS NOT TRUE ORDER BY rank LIMIT 50",
                "btree (\"rank\") WHERE \"processed\" IS NOT TRUE");
        assertThat(shapes("SELECT id, lyrics FROM tracks WHERE deleted_at IS NULL AND score > 98 AND width = $1"))
                .singleElement()
                .asString()
                .contains("(\"width\"", "WHERE \"deleted_at\" IS NULL AND \"score\" > '98'");
        // Nearly all rows.
        assertThat(shapes("SELECT id, lyrics FROM tracks WHERE processed AND width = $1"))
                .singleElement()
                .asString()
                .doesNotContain("WHERE");
        // What a parameter will be, nobody knows.
        assertThat(shapes("SELECT id, lyrics FROM tracks WHERE processed = $1 AND width = $2"))
                .singleElement()
                .asString()
                .doesNotContain("WHERE");
    }

    @Test
    void a_threshold_of_quality_makes_a_partial_index_but_one_in_time_does_not() {
        assertThat(shapes("SELECT width, height FROM tracks WHERE score >= 95 AND width > $1 ORDER BY width"))
                .singleElement()
                .asString()
                .endsWith("WHERE \"score\" >= '95'");
        assertThat(shapes("SELECT width FROM tracks WHERE at >= '2026-01-14' AND width = $1"))
                .noneSatisfy(shape -> assertThat(shape).contains("WHERE"));
    }

    @Test
    void each_arm_of_an_or_gets_an_index() {
        assertThat(shapes("SELECT id, lyrics FROM tracks WHERE width = $1 AND height = $2 OR rank = $3"))
                .hasSize(2)
                .anySatisfy(shape -> assertThat(shape).contains("\"width\"", "\"height\""))
                .anySatisfy(shape -> assertThat(shape).contains("(\"rank\")"));
    }

    @Test
    void lists_of_values_are_looked_up_like_one() {
        assertAdvised(
                "SELECT id, lyrics FROM tracks WHERE width = ANY ($1)",
                "SELECT id, lyrics FROM tracks WHERE width = ANY ('{1,2,3}')",
                "btree (\"width\")");
        assertAdvised(
                "SELECT id, lyrics FROM tracks WHERE width IN ($1, $2)",
                "SELECT id, lyrics FROM tracks WHERE width IN (3, 4)",
                "btree (\"width\")");
    }

    @Test
    void the_sort_of_a_lateral_join_with_a_limit_follows_the_join_key() {
        assertAdvised(
                "SELECT a.name, s.id, s.filler FROM albums a CROSS JOIN LATERAL (SELECT id, filler FROM ONLY songs WHERE album_id ="
                        + " a.id ORDER BY played_at DESC LIMIT 3) s WHERE a.id < 50",
                "btree (\"album_id\", \"played_at\")");
    }

    @Test
    void windows_distinct_and_anti_joins_are_served() {
        assertThat(shapes("SELECT album_id, rank() OVER (PARTITION BY album_id ORDER BY played_at) FROM ONLY songs"))
                .contains("btree (\"album_id\", \"played_at\")");
        assertThat(
                        shapes(
                                "SELECT DISTINCT ON (album_id) album_id, played_at FROM ONLY songs ORDER BY album_id, played_at"))
                .contains("btree (\"album_id\", \"played_at\")");
        assertThat(
                        shapes(
                                "SELECT a.name FROM albums a WHERE a.id = $1 AND NOT EXISTS (SELECT FROM ONLY songs s WHERE s.album_id = a.id)"))
                .contains("btree (\"album_id\")");
    }

    @Test
    void whoever_inherits_gets_an_index_too() {
        assertThat(indexes(advise(query("SELECT id, filler FROM songs ORDER BY played_at LIMIT 5"))))
                .extracting(CreateIndex::table)
                .containsExactlyInAnyOrder("songs", "old_songs");
    }

    @Test
    void deleting_parents_needs_an_index_on_the_foreign_key_of_their_children() {
        Workload.Query delete =
                new Workload.Query("d", "DELETE FROM albums WHERE id = $1", 1000, null, 1000L, List.of());
        Advice advice = advise(delete);
        assertThat(indexes(advice)).singleElement().satisfies(index -> {
            assertThat(index.table()).isEqualTo("songs");
            assertThat(index.keys()).containsExactly("\"album_id\"");
        });
        assertThat(advice.recommendations().getFirst().effects())
                .anySatisfy(effect -> assertThat(effect.query()).isEqualTo("d (foreign key songs_album_id_fkey)"));
        assertThat(indexes(advise(new Workload.Query(
                        "u", "UPDATE albums SET name = $1 WHERE id = $2", 1000, null, 1000L, List.of()))))
                .isEmpty();
        assertThat(indexes(advise(new Workload.Query(
                        "u", "UPDATE albums SET id = $1 WHERE id = $2", 1000, null, 1000L, List.of()))))
                .hasSize(1);
    }

    @Test
    void documents_that_contain_something_are_found_by_gin_with_the_smaller_class_where_it_does() {
        assertAdvised(
                "SELECT id, lyrics FROM tracks WHERE features @> '{\"source\": \"s77\"}'",
                "gin (\"features\" jsonb_path_ops)");
        assertAdvised(
                "SELECT id, lyrics FROM tracks WHERE features @@ '$.source == \"s77\"'",
                "gin (\"features\" jsonb_path_ops)");
        assertThat(shapes("SELECT id, lyrics FROM tracks WHERE features ? $1")).isSubsetOf("gin (\"features\")");
        List<String> both = new ArrayList<>();
        indexes(advise(
                        query("SELECT id, lyrics FROM tracks WHERE features @> $1"),
                        new Workload.Query(
                                "k",
                                "SELECT id, lyrics FROM tracks WHERE features ? 'rare'",
                                1000,
                                null,
                                null,
                                List.of())))
                .forEach(index -> both.add(index.keys().getFirst()));
        assertThat(both).containsExactly("\"features\"");
    }

    @Test
    void arrays_are_found_by_gin_unless_by_any() {
        assertAdvised("SELECT id, lyrics FROM tracks WHERE tags @> ARRAY['t77']", "gin (\"tags\")");
        assertAdvised("SELECT id, lyrics FROM tracks WHERE tags && ARRAY['t77', 'u5']", "gin (\"tags\")");
        Advice any = advise(query("SELECT id, lyrics FROM tracks WHERE 't77' = ANY (tags)"));
        assertThat(indexes(any)).isEmpty();
        assertThat(any.hints()).singleElement().satisfies(hint -> {
            assertThat(hint.rule()).isEqualTo("any-of-array-column");
            assertThat(hint.example()).contains("\"tags\" @> ARRAY[value]");
        });
    }

    @Test
    void parts_of_texts_are_found_by_trigrams_whose_extension_comes_first() {
        assertAdvised(
                "SELECT id, lyrics FROM tracks WHERE title LIKE '%c4ca%'", "gin (\"title\" \"public\".gin_trgm_ops)");
        assertAdvised(
                "SELECT id, lyrics FROM tracks WHERE code ILIKE '%C4CA42%'", "gin (\"code\" \"public\".gin_trgm_ops)");
        assertAdvised(
                "SELECT id, lyrics FROM tracks WHERE title ~ 'c4ca.*00'", "gin (\"title\" \"public\".gin_trgm_ops)");
        Advice advice = advise(query("SELECT id, lyrics FROM tracks WHERE title LIKE $1"));
        assertThat(advice.recommendations())
                .extracting(Recommendation::change)
                .satisfiesExactly(
                        first -> assertThat(first).isEqualTo(new CreateExtension("pg_trgm", "public")),
                        second -> assertThat(((CreateIndex) second).keys())
                                .containsExactly("\"title\" \"public\".gin_trgm_ops"));
        // Two letters are no trigram.
        assertThat(shapes("SELECT id, lyrics FROM tracks WHERE title LIKE '%c4%'"))
                .isEmpty();
    }

    @Test
    void rows_stored_in_order_need_only_an_index_of_block_ranges() {
        AdviceOptions little = AdviceOptions.DEFAULT.withBudget(200_000);
        String sql = "SELECT sum(length(lyrics)) FROM tracks WHERE at >= $1 AND at < $2";
        assertUsed(
                advise(little, query(sql)),
                sql,
                "SELECT sum(length(lyrics)) FROM tracks WHERE at >= '2026-01-03' AND at < '2026-01-03 06:00'",
                "brin (\"at\")");
        assertThat(indexes(advise(
                        little, query("SELECT sum(length(lyrics)) FROM tracks WHERE width >= $1 AND width < $2"))))
                .isEmpty();
    }

    @Test
    void words_are_found_by_gin() {
        assertAdvised("SELECT id, lyrics FROM tracks WHERE words @@ to_tsquery('simple', 'c4ca42')", "gin (\"words\")");
        assertAdvised(
                "SELECT id, title FROM tracks WHERE to_tsvector('english', lyrics) @@ to_tsquery('english', 'c4ca42')",
                "gin ((to_tsvector('english'::regconfig, \"lyrics\")))");
    }

    @Test
    void ranges_and_networks_and_what_is_near_are_found_by_gist() {
        assertAdvised(
                "SELECT id, lyrics FROM tracks WHERE played && daterange('2020-02-02', '2020-02-04')",
                "gist (\"played\")");
        assertAdvised("SELECT id, lyrics FROM tracks WHERE played @> date '2020-02-02'", "gist (\"played\")");
        assertAdvised("SELECT id, lyrics FROM tracks WHERE address << '10.77.13.0/24'", "gist (\"address\" inet_ops)");
        assertAdvised("SELECT id, lyrics FROM tracks ORDER BY place <-> point(5, 5) LIMIT 10", "gist (\"place\")");
    }

    @Test
    void long_values_looked_up_whole_are_hashed_and_short_ones_not() {
        assertAdvised(
                "SELECT id, lyrics FROM tracks WHERE token = $1",
                "SELECT id, lyrics FROM tracks WHERE token = 'x'",
                "hash (\"token\")");
        assertThat(shapes("SELECT id, lyrics FROM tracks WHERE width = $1")).containsExactly("btree (\"width\")");
        // Its order is wanted as well.
        assertThat(indexes(advise(
                        query("SELECT id, lyrics FROM tracks WHERE token = $1"),
                        new Workload.Query(
                                "o", "SELECT id FROM tracks ORDER BY token LIMIT 5", 1000, null, null, List.of()))))
                .singleElement()
                .satisfies(index -> assertThat(index.method()).isEqualTo("btree"));
    }
}
