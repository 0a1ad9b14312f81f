package dev.hone.verify;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.advise.RepresentativeCalls;
import dev.hone.change.CreateIndex;
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
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

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

    /** The sets with which every plan was measured. */
    private final Set<BitSet> seenAtWork = new LinkedHashSet<>();

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
        Set<CreateIndex> partitioned = new HashSet<>(all);
        partitioned.removeIf(index -> !isPartitioned(index));
        // Their plans name partitions' indexes, and which of these belongs to which trial nothing tells.
        all.removeAll(partitioned);
        partitioned.forEach(index -> notes.add("Not tried, since the table is partitioned: " + text(index) + "."));
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
        BitSet chosen = withCosts(known, search, searched(known, search, start, searching), searching);
        for (int round = 0; round < 8 && !whole.isOver(); round++) {
            if (!compared(known, chosen, whole)) {
                break;
            }
            chosen = withCosts(known, search, searched(known, search, chosen, whole), whole);
        }
        BitSet safe = safe(known, search);
        // What the planner does with a set was inferred in part; what is recommended must have been seen at work.
        while (known.book().planAfresh(safe)) {
            try (Progress.Task task = progress.begin("Measuring plans", -1)) {
                measured(known, safe, whole, task);
            }
            safe = safe(known, search);
        }
        for (int query : List.copyOf(confirmed.keySet())) {
            if (isOther(known, query, chosen, safe)) {
                confirmed.remove(query);
            }
        }
        return new Report(stage, snapshot.database().name(), workload, known, confirmed, search, safe)
                .verification(start, impossible, budgetBytes, notes, exhausted && !whole.isOver());
    }

    /** The set with other costs for the planner to reckon with, where the plans that come of them were faster. */
    private BitSet withCosts(PlanTimes known, Search search, BitSet chosen, Deadline deadline) throws SQLException {
        BitSet best = chosen;
        try (Progress.Task task = progress.begin("Trying other planner costs", -1)) {
            for (int i = 0; i < stage.options().size() && !deadline.isOver(); i++) {
                if (!(stage.options().get(i) instanceof Option.Cost)) {
                    continue;
                }
                BitSet other = search.with(best, i);
                if (measured(known, other, deadline, task)
                        && search.objective(other) < search.objective(best) * (1 - search.least(i))) {
                    best = other;
                }
            }
        }
        return best;
    }

    /**
     * The best of the sets with which every plan was measured, and none of a query that only reads was slower: when time is
     * up in the middle of a search, nothing may be recommended that nobody saw at work. Of sets as good, the smallest.
     */
    private BitSet safe(PlanTimes known, Search search) throws SQLException {
        List<BitSet> sound = new ArrayList<>(List.of(new BitSet()));
        double least = search.judged(new BitSet());
        for (BitSet set : seenAtWork) {
            if (search.slower(set).isEmpty() && unmeasured(known, set).isEmpty()) {
                sound.add(set);
                least = Math.min(least, search.judged(set));
            }
        }
        BitSet best = null;
        for (BitSet set : sound) {
            if (search.judged(set) <= least * (1 + minimumGain / 10)
                    && (best == null
                            || search.bytes(set) < search.bytes(best)
                            || (search.bytes(set) == search.bytes(best) && set.cardinality() < best.cardinality()))) {
                best = set;
            }
        }
        return best == null ? new BitSet() : best;
    }

    /** Whether a query's plans are others with another set. */
    private static boolean isOther(PlanTimes known, int query, BitSet one, BitSet other) throws SQLException {
        List<Call> calls = known.book().calls();
        for (int i = 0; i < calls.size(); i++) {
            if (calls.get(i).query() == query && !known.book().isSame(i, one, other)) {
                return true;
            }
        }
        return false;
    }

    private boolean isPartitioned(CreateIndex index) {
        return snapshot.catalog().relations().stream()
                .anyMatch(relation -> relation.kind().equals("p")
                        && relation.schema().equals(index.schema())
                        && relation.name().equals(index.table()));
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

    /** The best set that makes nothing slower; measures what looks better until nothing does, or time is up. */
    private BitSet searched(PlanTimes known, Search search, BitSet start, Deadline deadline) throws SQLException {
        BitSet first = search.fitted(start);
        for (int i = 0; i < stage.options().size(); i++) {
            if (stage.options().get(i) instanceof Option.Distinct) {
                first.set(i);
            }
        }
        try (Progress.Task task = progress.begin("Measuring plans", -1)) {
            // Many candidates take long to search: something worth having must be known before that, or nothing may be.
            Optional<BitSet> mended =
                    new Repair(stage, known, search, set -> measured(known, set, deadline, task), deadline).of(first);
            if (mended.isPresent()) {
                // What led to a query's better plan before may be of no use now.
                measured(known, search.withoutIdle(mended.get()), deadline, task);
            }
            BitSet last = first;
            while (!deadline.isOver()) {
                known.model(OperatorModel.fit(known.all()));
                BitSet set = search.best(
                        List.of(first, last, safe(known, search)),
                        Deadline.in(deadline.left().dividedBy(3)));
                boolean nothingNew = unmeasured(known, set).isEmpty();
                if (measured(known, set, deadline, task) && nothingNew) {
                    break;
                }
                last = set;
            }
            exhausted = !deadline.isOver();
            return safe(known, search);
        }
    }

    /** Measures the plans of a set that are not measured yet, the most promising first; false if time was up before. */
    private boolean measured(PlanTimes known, BitSet set, Deadline deadline, Progress.Task task) throws SQLException {
        List<Integer> unknown = unmeasured(known, set);
        unknown.sort(Comparator.comparingDouble(call -> -hoped(known, call, set)));
        for (int call : unknown) {
            if (deadline.isOver()) {
                return false;
            }
            int query = known.book().calls().get(call).query();
            task.at(known.all().size(), workload.queries().get(query).id());
            measure(known, call, set);
        }
        seenAtWork.add((BitSet) set.clone());
        return true;
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

    /** Compares every query whose plans differ, in pairs; true if one that only reads was slower. */
    private boolean compared(PlanTimes known, BitSet chosen, Deadline deadline) throws SQLException {
        confirmed.clear();
        boolean slower = false;
        Map<Integer, List<Integer>> changed = new LinkedHashMap<>();
        List<Call> calls = known.book().calls();
        for (int i = 0; i < calls.size(); i++) {
            if (!known.book().isSame(i, chosen, new BitSet())) {
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
                        slower = true;
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
        return result.slower() && result.afterMillis() - result.beforeMillis() > Search.NOTICED_MILLIS;
    }

    /** Lets the search know what the pairs showed. */
    private static void punish(PlanTimes known, List<Integer> calls, BitSet chosen, double ratio) throws SQLException {
        for (int call : calls) {
            Entry entry = known.book().entry(call, chosen);
            double before = known.millis(call, new BitSet());
            // Enough to be fined for, however little it is.
            double worse = Math.max(before * ratio, before * (1 + 2 * Search.TOLERANCE) + 2 * Search.NOTICED_MILLIS);
            if (known.millis(call, chosen) < worse) {
                known.put(call, entry.work(), new PlanTimes.Measured(entry.plan(), worse, false));
            }
        }
    }

    /** An index as SQL, for people. */
    static String text(CreateIndex index) {
        return Sql.identifier(index.schema(), index.table()) + " " + index.method() + " ("
                + String.join(", ", index.keys())
                + ")" + (index.include().isEmpty() ? "" : " INCLUDE (" + String.join(", ", index.include()) + ")")
                + (index.predicate() == null ? "" : " WHERE " + index.predicate());
    }
}
