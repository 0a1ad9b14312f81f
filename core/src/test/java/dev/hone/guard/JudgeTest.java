package dev.hone.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hone.guard.GuardReport.Change;
import dev.hone.guard.GuardReport.Verdict;
import dev.hone.guard.Window.Pool;
import dev.hone.guard.Window.Sample;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The rules by which a deployment is kept or taken back, on figures drawn from a seeded generator. */
class JudgeTest {

    /** 12 windows before and 40 after, as by default. */
    private static final GuardOptions OPTIONS = GuardOptions.DEFAULT;

    /** Queries whose windows wander by so much, and a load that wanders for all of them alike. */
    private static final class Server {
        private final Random random;
        private final double noise;
        private final double drift;
        private final Map<String, Double> mean = new HashMap<>();
        private final Map<String, Role> roles = new HashMap<>();
        private final Map<String, Double> errors = new HashMap<>();
        private long requests = 300;
        private boolean p95;
        private Pool pool;

        Server(long seed, double noise, double drift) {
            random = new Random(seed);
            this.noise = noise;
            this.drift = drift;
        }

        Server query(String id, Role role, double millis) {
            mean.put(id, millis);
            roles.put(id, role);
            errors.put(id, 0.0);
            return this;
        }

        Server slower(String id, double factor) {
            mean.computeIfPresent(id, (name, millis) -> millis * factor);
            return this;
        }

        Server load(double factor) {
            mean.replaceAll((name, millis) -> millis * factor);
            return this;
        }

        List<Window> windows(int count) {
            List<Window> windows = new ArrayList<>();
            double load = 0;
            for (int i = 0; i < count; i++) {
                load = 0.8 * load + drift * random.nextGaussian();
                double level = load;
                List<Sample> samples = new ArrayList<>();
                mean.forEach((id, millis) -> {
                    double value = millis * Math.exp(level + noise * random.nextGaussian());
                    long failed = 0;
                    for (long request = 0; errors.get(id) > 0 && request < requests; request++) {
                        failed += random.nextDouble() < errors.get(id) ? 1 : 0;
                    }
                    samples.add(
                            p95
                                    ? new Sample(id, requests, failed, null, value)
                                    : new Sample(id, requests, failed, value, null));
                });
                windows.add(new Window(Instant.EPOCH, Instant.EPOCH, samples, pool));
            }
            return windows;
        }

        Map<String, Series.Query> queries() {
            Map<String, Series.Query> queries = new HashMap<>();
            roles.forEach((id, role) -> queries.put(id, new Series.Query(id, role)));
            return queries;
        }
    }

    private static Server server(long seed, double noise, double drift) {
        return new Server(seed, noise, drift)
                .query("touched 1", Role.TOUCHED, 2)
                .query("touched 2", Role.TOUCHED, 30)
                .query("writes", Role.TOUCHED, 0.2)
                .query("control 1", Role.CONTROL, 1)
                .query("control 2", Role.CONTROL, 5);
    }

    /** Judges at every look, as the guard does. */
    private static GuardReport watched(Server server, List<Window> before, List<Promise> promises) {
        List<Window> after = server.windows(OPTIONS.windowsAfter());
        for (int look : OPTIONS.looks()) {
            GuardReport report = Judge.judge(
                    List.of(new Series("s", server.queries(), before, after.subList(0, look))),
                    promises,
                    OPTIONS,
                    look == OPTIONS.windowsAfter());
            if (report.verdict() == Verdict.ROLLED_BACK || look == OPTIONS.windowsAfter()) {
                return report;
            }
        }
        throw new AssertionError();
    }

    private static List<Window> before(Server server) {
        return server.windows(OPTIONS.windowsBefore());
    }

    @Test
    void nothing_changed_is_kept_and_almost_never_taken_back() {
        int kept = 0;
        int undone = 0;
        for (long seed = 0; seed < 100; seed++) {
            Server server = server(seed, 0.06, 0.1);
            switch (watched(server, before(server), List.of()).verdict()) {
                case KEPT -> kept++;
                case ROLLED_BACK -> undone++;
                case INCONCLUSIVE -> {
                    // It says so.
                }
            }
        }
        assertThat(undone).as("of 100").isLessThanOrEqualTo(1);
        assertThat(kept).as("of 100").isGreaterThan(92);
    }

    @Test
    void another_load_alone_is_no_reason() {
        for (long seed = 0; seed < 50; seed++) {
            Server server = server(seed, 0.05, 0.05);
            List<Window> before = before(server);
            server.load(1.6);
            assertThat(watched(server, before, List.of()).verdict()).isNotEqualTo(Verdict.ROLLED_BACK);
        }
    }

    @Test
    void a_query_that_is_thirty_percent_slower_is_found_under_a_load_that_wanders() {
        int found = 0;
        for (long seed = 0; seed < 100; seed++) {
            Server server = server(seed, 0.06, 0.1);
            List<Window> before = before(server);
            server.slower("touched 2", 1.3).load(0.8);
            GuardReport report = watched(server, before, List.of());
            if (report.verdict() == Verdict.ROLLED_BACK) {
                found++;
                assertThat(report.reasons())
                        .singleElement()
                        .asString()
                        .contains("touched 2: mean", "the limit is 1.20×");
            }
        }
        assertThat(found).as("of 100").isGreaterThanOrEqualTo(97);
    }

    @Test
    void ten_percent_slower_is_borne() {
        for (long seed = 0; seed < 50; seed++) {
            Server server = server(seed, 0.04, 0.05);
            List<Window> before = before(server);
            server.slower("touched 1", 1.1);
            assertThat(watched(server, before, List.of()).verdict()).isNotEqualTo(Verdict.ROLLED_BACK);
        }
    }

    @Test
    void help_that_was_promised_must_come() {
        List<Promise> promises = List.of(new Promise("touched 2", "", 1000), new Promise("writes", "", -5));
        Server helps = server(1, 0.05, 0.05);
        List<Window> before = before(helps);
        helps.slower("touched 2", 0.3).slower("writes", 1.5);

        GuardReport helped = watched(helps, before, promises);

        assertThat(helped.verdict()).as(helped.toString()).isEqualTo(Verdict.KEPT);
        assertThat(helped.rows())
                .filteredOn(row -> row.query().equals("writes"))
                .extracting(GuardReport.Row::change)
                .containsExactly(Change.ANNOUNCED);

        // The same loss that nobody announced is a reason.
        Server unannounced = server(1, 0.05, 0.05);
        before = before(unannounced);
        unannounced.slower("touched 2", 0.3).slower("writes", 1.5);
        assertThat(watched(unannounced, before, promises.subList(0, 1)).reasons())
                .singleElement()
                .asString()
                .startsWith("writes:");

        Server idle = server(2, 0.05, 0.05);
        GuardReport vain = watched(idle, before(idle), promises);
        assertThat(vain.verdict()).isEqualTo(Verdict.ROLLED_BACK);
        assertThat(vain.reasons()).singleElement().asString().startsWith("no benefit");

        // A query that nobody called cannot be said not to have got faster.
        Server blind = server(3, 0.05, 0.05);
        GuardReport unseen = watched(blind, before(blind), List.of(new Promise("once a month", "", 1000)));
        assertThat(unseen.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
        assertThat(unseen.notes()).anyMatch(note -> note.startsWith("Whether the queries that it was meant to help"));
    }

    @Test
    void percentiles_of_few_requests_decide_nothing() {
        Server server = server(4, 0.03, 0.03);
        server.p95 = true;
        server.requests = 20;
        List<Window> before = before(server);
        server.slower("touched 2", 2);

        GuardReport few = watched(server, before, List.of());

        assertThat(few.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
        assertThat(few.rows())
                .filteredOn(row -> row.query().equals("touched 2"))
                .allMatch(row -> row.change() == Change.TOO_FEW && row.figure().equals("p95"));

        server = server(4, 0.03, 0.03);
        server.p95 = true;
        before = before(server);
        server.slower("touched 2", 2);
        assertThat(watched(server, before, List.of()).reasons())
                .singleElement()
                .asString()
                .contains("touched 2: p95");
    }

    @Test
    void a_single_outlier_is_no_reason_and_no_evidence_is_said_to_be_none() {
        Server server = server(5, 0.03, 0.03);
        List<Window> before = before(server);
        List<Window> after = new ArrayList<>(server.windows(OPTIONS.windowsAfter()));
        Server stalled = server(6, 0.03, 0.03).slower("touched 1", 50);
        after.set(20, stalled.windows(1).getFirst());
        GuardReport report =
                Judge.judge(List.of(new Series("s", server.queries(), before, after)), List.of(), OPTIONS, true);
        assertThat(report.verdict()).isNotEqualTo(Verdict.ROLLED_BACK);

        Server quiet = new Server(7, 0.03, 0.03).query("control", Role.CONTROL, 1);
        GuardReport nothing = watched(quiet, before(quiet), List.of());
        assertThat(nothing.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
        assertThat(nothing.notes()).anyMatch(note -> note.startsWith("No query that uses what was changed"));
    }

    @Test
    void a_query_that_was_called_before_and_never_ends_any_more_is_not_kept() {
        for (String silent : List.of("touched 1", "writes")) {
            Server server = server(9, 0.03, 0.03);
            List<Window> before = before(server);
            server.mean.remove(silent);

            GuardReport report = watched(server, before, List.of());

            assertThat(report.verdict()).isEqualTo(Verdict.INCONCLUSIVE);
            assertThat(report.notes())
                    .contains(silent + ": had 3600 calls before and none since: it may not finish any more.");
            assertThat(report.rows())
                    .filteredOn(row -> row.query().equals(silent))
                    .singleElement()
                    .matches(row -> row.change() == Change.TOO_FEW && row.after() == null && row.before() > 0.1);
        }
        // One that is rare, and one that has nothing to do with it, may be silent.
        Server server = server(9, 0.03, 0.03).query("rare", Role.TOUCHED, 1);
        server.requests = 2;
        List<Window> rare = before(server);
        server.mean.remove("rare");
        server.requests = 300;
        List<Window> before = new ArrayList<>();
        for (Window window : before(server)) {
            List<Sample> samples = new ArrayList<>(window.samples());
            rare.get(before.size()).samples().stream()
                    .filter(sample -> sample.query().equals("rare"))
                    .forEach(samples::add);
            before.add(new Window(window.from(), window.to(), samples, null));
        }
        server.mean.remove("control 1");
        assertThat(watched(server, before, List.of()).verdict()).isEqualTo(Verdict.KEPT);
    }

    @Test
    void errors_must_rise_certainly_and_by_more_than_half() {
        assertThat(errors(0.01, 0.03).reasons()).hasSize(1).first().asString().contains("of requests fail", "50 %");
        assertThat(errors(0.01, 0.011).reasons()).isEmpty();
        assertThat(errors(0.2, 0.22).reasons()).isEmpty();
        // From none: more than a trifle.
        assertThat(errors(0, 0.02).reasons()).hasSize(1);
        assertThat(errors(0, 0.0002).reasons()).isEmpty();
        int wrong = 0;
        for (long seed = 0; seed < 30; seed++) {
            wrong += errors(seed, 0.01, 0.01).reasons().size();
        }
        assertThat(wrong).isZero();
    }

    @Test
    void errors_of_what_has_nothing_to_do_with_the_changes_are_told_and_no_reason() {
        for (Role role : List.of(Role.APART, Role.CONTROL)) {
            Server server = server(10, 0.03, 0.03).query("transactions rolled back", role, 1);
            List<Window> before = before(server);
            server.errors.put("transactions rolled back", 0.05);

            GuardReport report = watched(server, before, List.of());

            assertThat(report.verdict()).as(report.toString()).isEqualTo(Verdict.KEPT);
            assertThat(report.notes())
                    .singleElement()
                    .asString()
                    .startsWith("transactions rolled back: ")
                    .contains("of requests fail, 0.00 % did before", "no reason to take the deployment back");
        }
    }

    @Test
    void deadlocks_that_may_be_anybodys_must_rise_for_certain() {
        assertThat(errors(Role.UNCLEAR, 0, 0.05, 0, 0).verdict()).isEqualTo(Verdict.ROLLED_BACK);
        assertThat(errors(Role.UNCLEAR, 0.02, 0.08, 0, 0).verdict()).isEqualTo(Verdict.ROLLED_BACK);
        // Certainly more, and by more than half as it seems: enough for a query's own errors.
        assertThat(errors(Role.TOUCHED, 0.02, 0.034, 0, 0).verdict()).isEqualTo(Verdict.ROLLED_BACK);
        GuardReport report = errors(Role.UNCLEAR, 0.02, 0.034, 0, 0);
        assertThat(report.verdict()).as(report.toString()).isEqualTo(Verdict.KEPT);
        assertThat(report.notes()).singleElement().asString().contains("nothing untouched is there to compare it with");
    }

    @Test
    void errors_that_untouched_queries_have_as_well_are_no_reason() {
        for (Role role : List.of(Role.TOUCHED, Role.UNCLEAR)) {
            GuardReport report = errors(role, 0.01, 0.05, 0.01, 0.05);
            assertThat(report.verdict()).as(report.toString()).isEqualTo(Verdict.KEPT);
            assertThat(report.notes())
                    .hasSize(2)
                    .anyMatch(note -> note.startsWith("fails: ") && note.contains("untouched queries rose as well"));
            assertThat(errors(role, 0.01, 0.05, 0.01, 0.01).verdict()).isEqualTo(Verdict.ROLLED_BACK);
            assertThat(errors(role, 0.01, 0.1, 0.01, 0.02).verdict()).isEqualTo(Verdict.ROLLED_BACK);
        }
    }

    /** Errors of a query, and of an untouched one, before and after. */
    private static GuardReport errors(
            Role role, double before, double after, double controlBefore, double controlAfter) {
        Server server = server(10, 0.03, 0.03).query("fails", role, 1);
        server.errors.put("fails", before);
        server.errors.put("control 1", controlBefore);
        List<Window> earlier = before(server);
        server.errors.put("fails", after);
        server.errors.put("control 1", controlAfter);
        return watched(server, earlier, List.of());
    }

    @Test
    void untouched_queries_excuse_errors_only_if_theirs_rose_for_certain() {
        Server server = server(10, 0.03, 0.03).query("fails", Role.TOUCHED, 1);
        server.errors.put("fails", 0.02);
        List<Window> before = before(server);
        server.errors.put("fails", 0.06);
        List<Window> after = server.windows(OPTIONS.windowsAfter());
        // Fewer windows after than before, and no error of an untouched query in any.
        List<Integer> found = OPTIONS.looks().stream()
                .filter(look -> look < OPTIONS.windowsBefore())
                .filter(look -> !Judge.judge(
                                List.of(new Series("s", server.queries(), before, after.subList(0, look))),
                                List.of(),
                                OPTIONS,
                                false)
                        .reasons()
                        .isEmpty())
                .toList();
        assertThat(found).containsExactly(4, 6, 9);

        // Two errors of an untouched query where there was none are chance; twenty are not.
        for (int failed : List.of(2, 20)) {
            List<Window> some = new ArrayList<>(after.subList(0, 6));
            some.set(0, failing(some.getFirst(), "control 1", failed));
            GuardReport report =
                    Judge.judge(List.of(new Series("s", server.queries(), before, some)), List.of(), OPTIONS, true);
            assertThat(report.verdict())
                    .as(report.toString())
                    .isEqualTo(failed == 2 ? Verdict.ROLLED_BACK : Verdict.KEPT);
        }
    }

    private static Window failing(Window window, String query, int failed) {
        return new Window(
                window.from(),
                window.to(),
                window.samples().stream()
                        .map(sample -> sample.query().equals(query)
                                ? new Sample(query, sample.requests(), failed, sample.mean(), sample.p95())
                                : sample)
                        .toList(),
                window.pool());
    }

    @Test
    void deadlocks_count_where_a_statement_that_locks_has_to_do_with_the_changes() {
        Touches touches = new Touches(
                false,
                Map.of("bets", Touches.Kind.TOUCHED, "users", Touches.Kind.PLAIN, "settle", Touches.Kind.FUNCTION));
        assertThat(touches.locks("SELECT * FROM bets WHERE id = $1")).isFalse();
        assertThat(touches.locks("UPDATE users SET name = $1")).isFalse();
        for (String sql : List.of(
                "SELECT * FROM bets WHERE id = $1 FOR UPDATE",
                "select 1 from bets for key share",
                "UPDATE bets SET odds = $1",
                "WITH gone AS (DELETE FROM bets) SELECT 1",
                "SELECT settle($1)")) {
            assertThat(touches.locks(sql)).as(sql).isTrue();
        }
    }

    private static GuardReport errors(double before, double after) {
        return errors(1, before, after);
    }

    private static GuardReport errors(long seed, double before, double after) {
        Server server = server(seed, 0.03, 0.03);
        server.errors.put("touched 1", before);
        List<Window> earlier = before(server);
        server.errors.put("touched 1", after);
        return watched(server, earlier, List.of());
    }

    @Test
    void a_pool_that_is_exhausted_afterwards_is_a_reason_and_one_that_always_was_is_none() {
        Server server = server(8, 0.03, 0.03);
        server.pool = new Pool(5, 10, 0L);
        List<Window> before = before(server);
        server.pool = new Pool(10, 10, 3L);
        assertThat(watched(server, before, List.of()).reasons())
                .containsExactly("s: connections are exhausted: 10 of 10 in use, 3 wait");
        assertThat(watched(server, before(server), List.of()).reasons()).isEmpty();
        server.pool = new Pool(10, 10, 0L);
        assertThat(watched(server, before, List.of()).reasons()).isEmpty();
    }

    @Test
    void distributions_agree_with_the_tables() {
        assertThat(Distributions.student(0.025, 1)).isCloseTo(12.706, within(0.001));
        assertThat(Distributions.student(0.025, 10)).isCloseTo(2.228, within(0.001));
        assertThat(Distributions.student(0.0005, 5)).isCloseTo(6.869, within(0.001));
        assertThat(Distributions.student(0.025, 1e6)).isCloseTo(1.960, within(0.001));
        // 1 - pbinom(7, 10, 0.5) in R is 0.0546875.
        assertThat(Distributions.binomialTail(8, 10, 0.5)).isCloseTo(0.0546875, within(1e-9));
        assertThat(Distributions.binomialTail(0, 10, 0.5)).isEqualTo(1);
        assertThat(Distributions.binomialTail(10, 10, 0.5)).isCloseTo(Math.pow(0.5, 10), within(1e-12));
    }

    @Test
    void looks_are_few_and_the_last_window_is_one() {
        assertThat(OPTIONS.looks()).hasSizeLessThan(9).startsWith(4).endsWith(40);
        assertThat(OPTIONS.withTimes(Duration.ofSeconds(1), Duration.ofSeconds(4), Duration.ofSeconds(4))
                        .looks())
                .containsExactly(4);
    }
}
