package dev.hone.advise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Progress;
import dev.hone.change.DropIndex;
import dev.hone.check.Finding;
import dev.hone.check.Severity;
import dev.hone.postgres.Activity;
import dev.hone.postgres.Activity.IndexActivity;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class IndexRemovalTest {

    private static final Duration WEEKS = Duration.ofDays(30);

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
        h.execute("CREATE TABLE users (id int PRIMARY KEY)");
        h.execute("INSERT INTO users SELECT generate_series(1, 5000)");
        h.execute("CREATE TABLE bets (id int PRIMARY KEY, user_id int REFERENCES users, event_id int, placed_at int,"
                + " code int NOT NULL, status text, stake int, note text)");
        h.execute("INSERT INTO bets SELECT i, i % 5000 + 1, i % 2000, hashint4(i), i, 's' || i % 5, hashint4(i + 7),"
                + " repeat('n', 60) FROM generate_series(1, 60000) i");
        h.execute("CREATE INDEX bets_event ON bets (event_id)");
        h.execute("CREATE INDEX bets_event_placed ON bets (event_id, placed_at)");
        h.execute("CREATE INDEX bets_stake ON bets (stake)");
        h.execute("CREATE INDEX bets_user ON bets (user_id)");
        h.execute("CREATE UNIQUE INDEX bets_code ON bets (code)");
        h.execute("ALTER TABLE bets REPLICA IDENTITY USING INDEX bets_code");
        h.execute("CREATE INDEX bets_lower ON bets (lower(status))");
        h.execute("CREATE SCHEMA \"Odd \"\"Schema\"");
        h.execute("CREATE TABLE \"Odd \"\"Schema\".\"T\" (\"A\" int, b int)");
        h.execute("INSERT INTO \"Odd \"\"Schema\".\"T\" SELECT i, i FROM generate_series(1, 20000) i");
        h.execute("CREATE INDEX \"I \"\"x\" ON \"Odd \"\"Schema\".\"T\" (\"A\")");
        h.execute("VACUUM ANALYZE");
        snapshot = SnapshotReader.whole(List.of()).read(server, Progress.NONE);
        assertThat(snapshot.activity().since()).as("known without a reset").isNotNull();
        assertThat(snapshot.activity().standbys()).isZero();
        twin = Twin.build(snapshot, Progress.NONE);
    }

    @AfterAll
    static void stop() {
        twin.close();
        server.close();
        local.close();
    }

    /** The Snapshot as if every index had been scanned so often, since that long ago. */
    private static Snapshot counted(long scans, Duration since) {
        return counted(scans, since, 0);
    }

    private static Snapshot counted(long scans, Duration since, int standbys) {
        List<IndexActivity> indexes = snapshot.activity().indexes().stream()
                .map(one -> new IndexActivity(one.schema(), one.table(), one.name(), scans, 0, 0, one.bytes()))
                .toList();
        Activity activity = new Activity(
                snapshot.takenAt().minus(since), standbys, snapshot.activity().tables(), indexes);
        return new Snapshot(
                snapshot.format(),
                snapshot.takenAt(),
                snapshot.database(),
                snapshot.settings(),
                snapshot.catalog(),
                snapshot.statistics(),
                activity,
                snapshot.evidence(),
                snapshot.blindSpots(),
                snapshot.planner());
    }

    private static Workload.Query query(String id, double calls, String sql) {
        return new Workload.Query(id, sql, calls, null, null, List.of());
    }

    private static Advice advise(Snapshot source, Workload.Query... queries) {
        return IndexAdvisor.advise(
                twin, source, new Workload("test", List.of(queries)), AdviceOptions.DEFAULT, Progress.NONE);
    }

    private static Set<String> dropped(Advice advice) {
        return advice.recommendations().stream()
                .map(Recommendation::change)
                .filter(DropIndex.class::isInstance)
                .map(change -> ((DropIndex) change).name())
                .collect(Collectors.toSet());
    }

    private static final Workload.Query BY_ID = query("id", 1000, "SELECT * FROM bets WHERE id = $1");

    @Test
    void what_nothing_uses_goes_but_not_what_guards_identifies_or_serves_a_foreign_key() {
        Advice advice = advise(counted(0, WEEKS), BY_ID);
        assertThat(dropped(advice))
                .containsExactlyInAnyOrder("bets_stake", "bets_event", "bets_event_placed")
                .doesNotContain("bets_pkey", "bets_code", "bets_user", "bets_lower");
        assertThat(advice.recommendations()).allSatisfy(one -> {
            assertThat(one.sizeBytes()).isNegative();
            assertThat(one.reason()).isNotBlank();
        });
        // The twin is as it was.
        assertThat(twin.explain("SELECT * FROM bets WHERE stake = 5").nodes().map(node -> String.valueOf(node.index())))
                .contains("bets_stake");
    }

    @Test
    void what_a_standby_may_use_stays_and_is_spoken_of() {
        Advice advice = advise(counted(0, WEEKS, 1), BY_ID);
        assertThat(dropped(advice))
                .doesNotContain("bets_stake")
                .as("a longer one does its work")
                .contains("bets_event");
        assertThat(advice.notes()).anyMatch(note -> note.contains("bets_stake") && note.contains("a standby"));
    }

    @Test
    void what_was_scanned_or_not_counted_for_a_week_stays_and_is_spoken_of() {
        Advice scanned = advise(counted(1, WEEKS), BY_ID);
        assertThat(dropped(scanned)).doesNotContain("bets_stake");
        assertThat(scanned.notes()).anyMatch(note -> note.contains("bets_stake") && note.contains("scanned 1 times"));
        Advice young = advise(counted(0, Duration.ofDays(2)), BY_ID);
        assertThat(dropped(young)).doesNotContain("bets_stake");
        assertThat(young.notes()).anyMatch(note -> note.contains("bets_stake") && note.contains("a week"));
    }

    @Test
    void a_shorter_index_yields_to_the_longer_one_where_no_query_gets_dearer() {
        Workload.Query lookup =
                query("latest", 100, "SELECT * FROM bets WHERE event_id = $1 ORDER BY placed_at DESC LIMIT 1");
        assertThat(dropped(advise(counted(9, WEEKS), lookup))).containsExactly("bets_event");
        // Read as a whole, the short one is a third of the long one's size: this query would get dearer.
        Workload.Query counting = query("counting", 100, "SELECT count(*) FROM bets WHERE event_id > 3");
        assertThat(dropped(advise(counted(9, WEEKS), lookup, counting))).isEmpty();
    }

    @Test
    void what_does_the_work_of_another_stays_though_it_was_never_scanned() {
        Workload.Query lookup = query("event", 100, "SELECT * FROM bets WHERE event_id = $1");
        Set<String> gone = dropped(advise(counted(0, WEEKS), lookup));
        assertThat(gone).isNotEmpty();
        assertThat(gone.containsAll(Set.of("bets_event", "bets_event_placed"))).isFalse();
    }

    @Test
    void a_new_index_displaces_the_one_it_begins_with() {
        Workload.Query wanted = query(
                "top", 1000, "SELECT * FROM bets WHERE user_id = $1 AND status = $2 ORDER BY placed_at DESC LIMIT 3");
        Advice advice = advise(counted(9, WEEKS), wanted);
        boolean begins = advice.recommendations().stream()
                .anyMatch(one -> one.change().sql().getFirst().contains("(\"user_id\""));
        assertThat(dropped(advice).contains("bets_user")).isEqualTo(begins);
        assertThat(begins).isTrue();
    }

    @Test
    void writers_gain_by_what_they_need_not_keep_up() {
        Workload.Query insert = query("insert", 1000, "INSERT INTO bets (id, user_id, code) VALUES ($1, $2, $3)");
        Advice advice = advise(counted(0, WEEKS), BY_ID, insert);
        assertThat(advice.costAfter()).isLessThan(advice.costBefore());
        assertThat(advice.recommendations())
                .filteredOn(one -> one.change() instanceof DropIndex)
                .isNotEmpty()
                .allSatisfy(one -> assertThat(one.effects())
                        .singleElement()
                        .satisfies(effect -> assertThat(effect.gains()).isTrue()));
    }

    @Test
    void hostile_names_are_dropped_by_their_whole_name() {
        Advice advice =
                advise(counted(0, WEEKS), query("odd", 10, "SELECT b FROM \"Odd \"\"Schema\".\"T\" WHERE b > 5"));
        assertThat(advice.recommendations())
                .filteredOn(one -> one.change() instanceof DropIndex)
                .singleElement()
                .satisfies(one -> assertThat(one.change().sql())
                        .containsExactly("DROP INDEX CONCURRENTLY IF EXISTS \"Odd \"\"Schema\".\"I \"\"x\""));
    }

    @Test
    void what_a_check_found_as_well_is_dropped_once() {
        Advice advice = advise(counted(0, WEEKS), BY_ID);
        long before = dropped(advice).size();
        List<Finding> findings = advice.recommendations().stream()
                .map(one -> finding((DropIndex) one.change()))
                .toList();
        Advice merged = FindingAdvice.merge(advice, findings);
        assertThat(merged.recommendations().stream().filter(one -> one.change() instanceof DropIndex))
                .hasSize((int) before);
    }

    private static Finding finding(DropIndex drop) {
        // The definition as another reader of the catalog may write it.
        return new Finding(
                "unused-index",
                Severity.WARNING,
                drop.subject(),
                "Summary.",
                Map.of("size_bytes", 4096),
                "Why.",
                "Do it.",
                List.of(),
                new DropIndex(drop.schema(), drop.name(), drop.definition() + " "));
    }
}
