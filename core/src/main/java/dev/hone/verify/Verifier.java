package dev.hone.verify;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.advise.RepresentativeCalls;
import dev.hone.change.CreateIndex;
import dev.hone.measure.Interval;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.twin.Plan;
import dev.hone.twin.PlanException;
import dev.hone.verify.PlanBook.Entry;
import dev.hone.workload.Workload;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds the indexes with which a workload takes least time, by measuring.
 *
 * <p>Every candidate is built once. Which plan a query has with a set of them is asked of the planner, which takes a
 * millisecond; what a plan takes is measured once, and holds for all sets with which the planner chooses it. So the time of
 * any set is a sum of known times, and sets are searched by it, the plans of the most promising set being measured until
 * there is no better set. What is found is then compared with having none of it, in pairs; what makes a query slower that
 * only reads is rejected, and the search goes on without it.
 *
 * <p>One verifier serves one call; not safe for use by several threads.
 */
final class Verifier {

    /** The most of the time that goes into measuring plans one by one; the rest is for pairs. */
    private static final double SEARCH_SHARE = 0.6;

    /** From how many times the time without on a plan is ended: how bad it is does not matter then. */
    private static final double MOST_TIMES = 4;

    private static final Duration LONGEST = Duration.ofMinutes(5);

    private final Stage stage;
    private final Snapshot snapshot;
    private final Workload workload;
    private final RepresentativeCalls representatives;
    private final long budgetBytes;
    private final double minimumGain;
    private final Duration time;
    private final Progress progress;
    private final List<String> notes = new ArrayList<>();
    private final Map<CreateIndex, String> impossible = new LinkedHashMap<>();
    private final Map<Integer, Pairs.Result> confirmed = new HashMap<>();

    /** Whether the last search ended because nothing looked better. */
    private boolean exhausted;

    Verifier(
            Stage stage,
            Snapshot snapshot,
            Workload workload,
            RepresentativeCalls representatives,
            long budgetBytes,
            double minimumGain,
            Duration time,
            Progress progress) {
        this.stage = stage;
        this.snapshot = snapshot;
        this.workload = workload;
        this.representatives = representatives;
        this.budgetBytes = budgetBytes;
        this.minimumGain = minimumGain;
        this.time = time;
        this.progress = progress;
    }

    /**
     * Builds, measures and chooses.
     *
     * @param recommended what the plans alone spoke for
     * @param others what else may be tried
     */
    Verification verify(List<CreateIndex> recommended, List<CreateIndex> others) throws SQLException {
        Deadline deadline = Deadline.in(time);
        PlanTimes known = measuredWithout(deadline);
        Deadline building = Deadline.in(time);
        List<Plan> plans = new ArrayList<>();
        for (int i = 0; i < known.book().calls().size(); i++) {
            plans.add(known.book().entry(i, new BitSet()).plan());
        }
        Grouping grouping = new Grouping(snapshot, plans);
        if (stage.tells()) {
            try (Progress.Task task = progress.begin("Counting different values", -1)) {
                task.at(0, "");
                stage.offer(grouping.misjudged(stage));
            }
        }
        stage.offer(OtherCosts.of(stage));
        List<CreateIndex> all = new ArrayList<>(recommended);
        all.addAll(others);
        Set<CreateIndex> seen = new HashSet<>();
        all.forEach(index -> seen.add(index.named("any")));
        grouping.indexes().stream()
                .filter(index -> seen.add(index.named("any")))
                .forEach(all::add);
        stage.build(all, impossible::put, progress);
        notes.addAll(stage.notes());
        // Building is not measuring.
        Duration left = deadline.left().plus(time.minus(building.left()));
        Deadline whole = Deadline.in(left);
        Deadline searching = Deadline.in(Duration.ofMillis((long) (left.toMillis() * SEARCH_SHARE)));
        BitSet start = new BitSet();
        for (int i = 0; i < stage.options().size(); i++) {
            if (stage.options().get(i) instanceof Option.Index index && recommended.contains(index.wanted())) {
                start.set(i);
            }
        }
        Search search = new Search(stage, known, budgetBytes, minimumGain);
        BitSet chosen = searched(known, search, start, searching);
        for (int round = 0; round < 8; round++) {
            Set<Integer> slower = compared(known, chosen, whole);
            if (slower.isEmpty()) {
                break;
            }
            BitSet before = chosen;
            chosen = searched(known, search, chosen, whole);
            if (chosen.equals(before)) {
                chosen = withoutCulprits(known, chosen, slower);
            }
        }
        return result(known, search, chosen, start, exhausted && !whole.isOver());
    }

    private PlanTimes measuredWithout(Deadline deadline) throws SQLException {
        List<Call> calls = new ArrayList<>();
        Map<String, List<String>> failures = new TreeMap<>();
        Map<Integer, Double> millis = new HashMap<>();
        try (Progress.Task task = progress.begin(
                "Measuring the workload as it is", workload.queries().size())) {
            for (int query = 0; query < workload.queries().size(); query++) {
                Workload.Query one = workload.queries().get(query);
                task.at(query, one.id());
                if (!(one.calls() > 0)) {
                    continue;
                }
                List<RepresentativeCalls.Call> some = representatives.of(one);
                if (some.isEmpty()) {
                    failures.computeIfAbsent("no values are known to call it with", any -> new ArrayList<>())
                            .add(one.id());
                }
                for (RepresentativeCalls.Call call : some) {
                    Call mine = new Call(query, call.sql(), call.parameters(), one.calls() / some.size());
                    try {
                        Duration longest =
                                Duration.ofMillis(Math.min(LONGEST.toMillis(), Math.max(1000, time.toMillis() / 5)));
                        double took = middle(mine, longest, Double.POSITIVE_INFINITY);
                        if (Double.isNaN(took)) {
                            failures.computeIfAbsent(
                                            "it takes longer than " + longest.toSeconds() + " s",
                                            any -> new ArrayList<>())
                                    .add(one.id());
                        } else {
                            millis.put(calls.size(), took);
                            calls.add(mine);
                        }
                    } catch (PlanException e) {
                        failures.computeIfAbsent(e.reason(), any -> new ArrayList<>())
                                .add(one.id());
                    }
                    if (deadline.isOver()) {
                        break;
                    }
                }
            }
            task.at(workload.queries().size(), "");
        }
        failures.forEach((reason, ids) -> notes.add("Not measured: "
                + String.join(", ", ids.stream().distinct().limit(10).toList())
                + (ids.stream().distinct().count() > 10 ? " and more" : "") + " (" + reason + ")."));
        if (calls.isEmpty()) {
            throw HoneException.refused(
                    "No query of the workload could be measured at " + stage.name() + ": " + String.join(" ", notes),
                    "Nothing was built there. A workload file with samples (docs/workload.md) says what to run.");
        }
        PlanBook book = new PlanBook(stage, calls, referencing());
        PlanTimes known = new PlanTimes(book);
        for (int i = 0; i < calls.size(); i++) {
            Entry entry = book.entry(i, new BitSet());
            known.put(i, entry.work(), new PlanTimes.Measured(entry.plan(), millis.getOrDefault(i, 0.0), false));
        }
        return known;
    }

    /** By table, the tables that refer to it. */
    private Map<String, Set<String>> referencing() {
        Map<Long, String> names = new HashMap<>();
        snapshot.catalog().relations().forEach(relation -> names.put(relation.oid(), relation.qualifiedName()));
        Map<String, Set<String>> all = new HashMap<>();
        for (Catalog.Constraint constraint : snapshot.catalog().constraints()) {
            String from = names.get(constraint.relation());
            String to = names.get(constraint.referenced());
            if (from != null && to != null) {
                all.computeIfAbsent(to, any -> new HashSet<>()).add(from);
            }
        }
        return all;
    }

    /**
     * The middle time of a call with the indexes shown now, after one run that warms the caches; NaN if it was ended. What
     * is plainly slower than what it must beat is not measured finely.
     */
    private double middle(Call call, Duration longest, double toBeat) throws SQLException {
        Run warm = stage.runner().run(call, longest);
        if (warm.ended()) {
            return Double.NaN;
        }
        int runs = warm.millis() < 2
                ? 15
                : warm.millis() < 20 ? 7 : warm.millis() < 200 ? 4 : warm.millis() < 1000 ? 2 : 1;
        if (warm.millis() > 2 * toBeat) {
            runs = 1;
        }
        double[] millis = new double[runs];
        for (int i = 0; i < runs; i++) {
            Run run = stage.runner().run(call, longest);
            if (run.ended()) {
                return Double.NaN;
            }
            millis[i] = run.millis();
        }
        // Noise only ever adds to a long run; a short one is at the mercy of the clock both ways.
        double least = warm.millis();
        for (double one : millis) {
            least = Math.min(least, one);
        }
        return runs <= 2 ? least : Pairs.middle(millis);
    }

    private void measure(PlanTimes known, int number, BitSet set) throws SQLException {
        Call call = known.book().calls().get(number);
        Entry entry = known.book().entry(number, set);
        double before = known.millis(number, new BitSet());
        double most = Math.max(300, MOST_TIMES * before);
        Duration longest = Duration.ofMillis((long) (most * 1.5 * stage.runner().stretch()));
        stage.show(set);
        try {
            double took = middle(call, longest, before);
            known.put(
                    number,
                    entry.work(),
                    new PlanTimes.Measured(entry.plan(), Double.isNaN(took) ? most : took, Double.isNaN(took)));
        } catch (PlanException e) {
            // What runs without these indexes and not with them must not be chosen.
            known.put(number, entry.work(), new PlanTimes.Measured(entry.plan(), most, true));
        }
    }

    /** The best set all of whose plans are measured; measures what looks better until nothing does, or time is up. */
    private BitSet searched(PlanTimes known, Search search, BitSet start, Deadline deadline) throws SQLException {
        BitSet best = new BitSet();
        // Many candidates take long to search: something must be measured before that, or nothing may be.
        BitSet first = search.fitted(start);
        for (int i = 0; i < stage.options().size(); i++) {
            if (stage.options().get(i) instanceof Option.Distinct) {
                first.set(i);
            }
        }
        List<BitSet> starts = List.of(first);
        boolean begun = false;
        try (Progress.Task task = progress.begin("Measuring plans", -1)) {
            while (true) {
                BitSet set =
                        begun ? search.best(starts, Deadline.in(deadline.left().dividedBy(3))) : first;
                List<Integer> unknown = unmeasured(known, set);
                unknown.sort(Comparator.comparingDouble(call -> -hoped(known, call, set)));
                for (int call : unknown) {
                    if (deadline.isOver()) {
                        break;
                    }
                    int query = known.book().calls().get(call).query();
                    task.at(known.all().size(), workload.queries().get(query).id());
                    measure(known, call, set);
                }
                if (unmeasured(known, set).isEmpty() && search.objective(set) < search.objective(best)) {
                    best = set;
                }
                if ((begun && unknown.isEmpty()) || deadline.isOver()) {
                    exhausted = !deadline.isOver();
                    return best;
                }
                begun = true;
                known.model(OperatorModel.fit(known.all()));
                starts = List.of(first, set, best);
            }
        }
    }

    private static List<Integer> unmeasured(PlanTimes known, BitSet set) throws SQLException {
        List<Integer> unknown = new ArrayList<>();
        for (int i = 0; i < known.book().calls().size(); i++) {
            if (!known.isMeasured(i, set)) {
                unknown.add(i);
            }
        }
        return unknown;
    }

    private static double hoped(PlanTimes known, int call, BitSet set) {
        try {
            return known.book().calls().get(call).weight()
                    * (known.millis(call, new BitSet()) - known.millis(call, set));
        } catch (SQLException e) {
            return 0;
        }
    }

    /** Compares every query whose plans differ, in pairs; the numbers of those that are slower and only read. */
    private Set<Integer> compared(PlanTimes known, BitSet chosen, Deadline deadline) throws SQLException {
        confirmed.clear();
        Set<Integer> slower = new HashSet<>();
        Map<Integer, List<Integer>> changed = new LinkedHashMap<>();
        List<Call> calls = known.book().calls();
        for (int i = 0; i < calls.size(); i++) {
            if (!same(known, i, chosen)) {
                changed.computeIfAbsent(calls.get(i).query(), any -> new ArrayList<>())
                        .add(i);
            }
        }
        try (Progress.Task task = progress.begin("Comparing with and without", changed.size())) {
            int done = 0;
            List<Map.Entry<Integer, List<Integer>>> order = new ArrayList<>(changed.entrySet());
            // What may be slower must be known before time is up.
            Map<Integer, Double> ratios = new HashMap<>();
            for (Map.Entry<Integer, List<Integer>> one : order) {
                ratios.put(one.getKey(), ratio(known, one.getValue(), chosen));
            }
            order.sort(Comparator.comparingDouble(one -> -ratios.getOrDefault(one.getKey(), 1.0)));
            for (Map.Entry<Integer, List<Integer>> one : order) {
                if (deadline.isOver()) {
                    break;
                }
                task.at(done++, workload.queries().get(one.getKey()).id());
                Duration share = deadline.isOver()
                        ? Duration.ZERO
                        : deadline.left().dividedBy(Math.max(1, changed.size() - done + 2L));
                List<Call> some = one.getValue().stream().map(calls::get).toList();
                Pairs pairs = new Pairs(stage, some, LONGEST);
                List<Double> millis = new ArrayList<>();
                for (int call : one.getValue()) {
                    millis.add(known.millis(call, new BitSet()));
                }
                Pairs.Result result = pairs.compare(new BitSet(), chosen, millis, Deadline.in(share));
                boolean reads = one.getValue().stream().noneMatch(known.book()::writes);
                if (reads && isSlower(result)) {
                    // One in forty is called slower by chance; a second series seldom is too.
                    Pairs.Result again = pairs.compare(new BitSet(), chosen, millis, Deadline.in(share));
                    if (isSlower(again)) {
                        slower.add(one.getKey());
                        punish(known, one.getValue(), chosen, again.ratio());
                    }
                    result = again;
                }
                confirmed.put(one.getKey(), result);
            }
            task.at(changed.size(), "");
        }
        return slower;
    }

    private static double ratio(PlanTimes known, List<Integer> calls, BitSet chosen) throws SQLException {
        double before = 0;
        double after = 0;
        for (int call : calls) {
            before += known.millis(call, new BitSet());
            after += known.millis(call, chosen);
        }
        return after / Math.max(1e-6, before);
    }

    private static boolean isSlower(Pairs.Result result) {
        return result.slower() && result.afterMillis() - result.beforeMillis() > 0.02;
    }

    /** Lets the search know what the pairs showed. */
    private static void punish(PlanTimes known, List<Integer> calls, BitSet chosen, double ratio) throws SQLException {
        for (int call : calls) {
            Entry entry = known.book().entry(call, chosen);
            double before = known.millis(call, new BitSet());
            double worse = before * Math.max(ratio, 1 + 2 * Search.TOLERANCE);
            if (known.millis(call, chosen) < worse) {
                known.put(call, entry.work(), new PlanTimes.Measured(entry.plan(), worse, false));
            }
        }
    }

    /** Without the indexes that slower queries use. */
    private static BitSet withoutCulprits(PlanTimes known, BitSet chosen, Set<Integer> slower) throws SQLException {
        BitSet set = (BitSet) chosen.clone();
        List<Call> calls = known.book().calls();
        for (int i = 0; i < calls.size(); i++) {
            if (slower.contains(calls.get(i).query())) {
                set.andNot(known.book().entry(i, chosen).used());
                for (int told : known.book().told(chosen).stream().toArray()) {
                    if (matters(known, i, told, chosen)) {
                        set.clear(told);
                    }
                }
            }
        }
        return set;
    }

    private static boolean same(PlanTimes known, int call, BitSet set) throws SQLException {
        return known.book()
                .entry(call, set)
                .work()
                .equals(known.book().entry(call, new BitSet()).work());
    }

    /** Whether a call's plan is another without one of a set. */
    private static boolean matters(PlanTimes known, int call, int one, BitSet set) throws SQLException {
        return !known.book()
                .entry(call, set)
                .work()
                .equals(known.book().entry(call, Search.without(set, one)).work());
    }

    private Verification result(PlanTimes known, Search search, BitSet chosen, BitSet recommended, boolean complete)
            throws SQLException {
        List<Verification.Query> queries = queries(known, chosen);
        List<Verification.Kept> kept = new ArrayList<>();
        List<Verification.Rejected> rejected = new ArrayList<>();
        List<Verification.Told> told = new ArrayList<>();
        for (int i = 0; i < stage.options().size(); i++) {
            double missed = chosen.get(i)
                    ? Math.max(0, search.objective(Search.without(chosen, i)) - search.objective(chosen))
                    : 0;
            switch (stage.options().get(i)) {
                case Option.Index index -> {
                    if (chosen.get(i)) {
                        kept.add(new Verification.Kept(index.wanted(), index.bytes(), users(known, i, chosen), missed));
                    } else {
                        rejected.add(new Verification.Rejected(
                                index.wanted(),
                                index.bytes(),
                                recommended.get(i),
                                reason(known, i, index.name(), search, chosen)));
                    }
                }
                case Option.Distinct number -> {
                    if (chosen.get(i)) {
                        told.add(new Verification.Told(
                                number.change(),
                                String.valueOf(number.told()),
                                String.valueOf(number.estimated()),
                                affected(known, i, chosen),
                                missed));
                    }
                }
                case Option.Cost cost -> {
                    if (chosen.get(i)) {
                        told.add(new Verification.Told(
                                cost.change(snapshot.database().name()),
                                cost.value(),
                                cost.now(),
                                affected(known, i, chosen),
                                missed));
                    }
                }
            }
        }
        impossible.forEach(
                (index, why) -> rejected.add(new Verification.Rejected(index, 0, false, "could not be built: " + why)));
        kept.sort(Comparator.comparingDouble(one -> -one.missed()));
        double before = 0;
        double after = 0;
        double costBefore = 0;
        double costAfter = 0;
        for (Verification.Query query : queries) {
            before += query.calls() * query.beforeMillis();
            after += query.calls() * query.beforeMillis() * query.measuredRatio();
            costBefore += query.calls() * query.costBefore();
            costAfter += query.calls() * query.costAfter();
        }
        return new Verification(
                stage.name(),
                stage.runner().unit(),
                kept,
                told,
                rejected,
                queries,
                costBefore > 0 ? costAfter / costBefore : 1,
                before > 0 ? after / before : 1,
                notes,
                known.all().size(),
                complete,
                learned(known));
    }

    /** What the measured plans teach, and how well that orders plans of queries it was not learned from. */
    private @Nullable OperatorModel learned(PlanTimes known) {
        if (!(OperatorModel.fit(known.all()) instanceof OperatorModel model)) {
            return null;
        }
        List<List<PlanTimes.Measured>> byQuery = known.byQuery();
        if (byQuery.size() > 2) {
            notes.add(String.format(
                    Locale.ROOT,
                    "Over %d measured plans the planner's cost orders times with a rank correlation of %.2f; corrected by what"
                            + " was learned of each kind of operator, of other queries only, with %.2f. The next advice for"
                            + " this database uses the corrections.",
                    known.all().size(),
                    RankCorrelation.ofCosts(byQuery),
                    RankCorrelation.ofOthers(byQuery)));
        }
        return model;
    }

    private List<Verification.Query> queries(PlanTimes known, BitSet chosen) throws SQLException {
        Map<Integer, List<Integer>> byQuery = new LinkedHashMap<>();
        List<Call> calls = known.book().calls();
        for (int i = 0; i < calls.size(); i++) {
            byQuery.computeIfAbsent(calls.get(i).query(), any -> new ArrayList<>())
                    .add(i);
        }
        List<Verification.Query> queries = new ArrayList<>();
        List<String> single = new ArrayList<>();
        // Reckoned with the same costs, or they could not be compared.
        BitSet costs = new BitSet();
        chosen.stream()
                .filter(i -> stage.options().get(i) instanceof Option.Cost)
                .forEach(costs::set);
        for (Map.Entry<Integer, List<Integer>> one : byQuery.entrySet()) {
            Workload.Query query = workload.queries().get(one.getKey());
            double costBefore = 0;
            double costAfter = 0;
            double unchanged = 0;
            double changed = 0;
            double expected = 0;
            for (int call : one.getValue()) {
                costBefore += known.book().entry(call, costs).plan().totalCost();
                costAfter += known.book().entry(call, chosen).plan().totalCost();
                double millis = known.millis(call, new BitSet());
                if (same(known, call, chosen)) {
                    unchanged += millis;
                } else {
                    changed += millis;
                    expected += known.millis(call, chosen);
                }
            }
            if (changed > 0 && !confirmed.containsKey(one.getKey())) {
                single.add(query.id());
            }
            int count = one.getValue().size();
            Pairs.Result pairs = confirmed.get(one.getKey());
            double ratio = pairs != null ? pairs.ratio() : changed > 0 ? expected / changed : 1;
            Interval interval = pairs != null
                    ? pairs.interval()
                    : changed > 0
                            ? new Interval(ratio / (1 + Search.TOLERANCE), ratio * (1 + Search.TOLERANCE))
                            : new Interval(1, 1);
            double before = unchanged + changed;
            queries.add(new Verification.Query(
                    query.id(),
                    query.sql(),
                    query.calls(),
                    before / count,
                    (unchanged + changed * ratio) / count,
                    costBefore / count,
                    costAfter / count,
                    whole(ratio, changed, before),
                    new Interval(whole(interval.lower(), changed, before), whole(interval.upper(), changed, before)),
                    changed == 0));
        }
        if (!single.isEmpty()) {
            notes.add("Time was up before these were compared in pairs; single runs stand for them: "
                    + String.join(", ", single) + ".");
        }
        queries.sort(Comparator.comparingDouble(query -> -query.calls() * query.beforeMillis()));
        return queries;
    }

    /** The ratio of a query's time, from that of the calls whose plan changed. */
    private static double whole(double ratio, double changed, double before) {
        return before > 0 ? (before - changed + changed * ratio) / before : 1;
    }

    private List<String> users(PlanTimes known, int index, BitSet chosen) throws SQLException {
        Set<String> ids = new LinkedHashSet<>();
        List<Call> calls = known.book().calls();
        for (int i = 0; i < calls.size(); i++) {
            if (known.book().entry(i, chosen).used().get(index)) {
                ids.add(workload.queries().get(calls.get(i).query()).id());
            }
        }
        return List.copyOf(ids);
    }

    private List<String> affected(PlanTimes known, int number, BitSet chosen) throws SQLException {
        Set<String> ids = new LinkedHashSet<>();
        List<Call> calls = known.book().calls();
        for (int i = 0; i < calls.size(); i++) {
            if (matters(known, i, number, chosen)) {
                ids.add(workload.queries().get(calls.get(i).query()).id());
            }
        }
        return List.copyOf(ids);
    }

    private String reason(PlanTimes known, int index, String name, Search search, BitSet chosen) throws SQLException {
        List<Call> calls = known.book().calls();
        double worst = 1;
        String victim = "";
        boolean used = false;
        for (int i = 0; i < calls.size(); i++) {
            double before = known.millis(i, new BitSet());
            for (PlanTimes.Measured one : known.measured(i)) {
                if (one.plan().nodes().map(Plan.Node::index).anyMatch(name::equals)) {
                    used = true;
                    if (!known.book().writes(i) && one.millis() / before > worst && one.millis() - before > 0.02) {
                        worst = one.millis() / before;
                        victim = workload.queries().get(calls.get(i).query()).id();
                    }
                }
            }
        }
        if (worst > 1 + Search.TOLERANCE) {
            return String.format(
                    Locale.ROOT, "the planner used it for %s, which then took %.1f times as long", victim, worst);
        }
        BitSet with = (BitSet) chosen.clone();
        with.set(index);
        if (search.bytes(with) > budgetBytes) {
            return "it saves less than what has its place in the budget";
        }
        return used ? "it saved nothing worth its keeping" : "no plan that was worth measuring uses it";
    }

    /** An index as SQL, for people. */
    static String text(CreateIndex index) {
        return Sql.identifier(index.schema(), index.table()) + " " + index.method() + " ("
                + String.join(", ", index.keys())
                + ")" + (index.include().isEmpty() ? "" : " INCLUDE (" + String.join(", ", index.include()) + ")")
                + (index.predicate() == null ? "" : " WHERE " + index.predicate());
    }
}
