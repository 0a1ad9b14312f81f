package dev.hone.verify;

import dev.hone.change.CreateIndex;
import dev.hone.measure.Interval;
import dev.hone.twin.Plan;
import dev.hone.workload.Workload;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a trial showed of the set that was chosen in it, in words and numbers. Not safe for use by several threads. */
final class Report {

    private final Stage stage;
    private final String database;
    private final Workload workload;
    private final PlanTimes known;
    private final Map<Integer, Pairs.Result> confirmed;
    private final Search search;
    private final BitSet chosen;
    private final List<String> notes = new ArrayList<>();

    /**
     * @param database whose name a setting is for
     * @param confirmed what pairs showed, by query
     * @param chosen all whose plans were measured
     */
    Report(
            Stage stage,
            String database,
            Workload workload,
            PlanTimes known,
            Map<Integer, Pairs.Result> confirmed,
            Search search,
            BitSet chosen) {
        this.stage = stage;
        this.database = database;
        this.workload = workload;
        this.known = known;
        this.confirmed = confirmed;
        this.search = search;
        this.chosen = chosen;
    }

    /**
     * Everything.
     *
     * @param recommended what the plans alone spoke for
     * @param impossible what could not be built, and why
     */
    Verification verification(
            BitSet recommended,
            Map<CreateIndex, String> impossible,
            long budgetBytes,
            List<String> already,
            boolean complete)
            throws SQLException {
        notes.addAll(already);
        List<Verification.Query> queries = queries();
        List<Verification.Kept> kept = new ArrayList<>();
        List<Verification.Rejected> rejected = new ArrayList<>();
        List<Verification.Told> told = new ArrayList<>();
        for (int i = 0; i < stage.options().size(); i++) {
            double missed =
                    chosen.get(i) ? Math.max(0, search.millis(Search.without(chosen, i)) - search.millis(chosen)) : 0;
            switch (stage.options().get(i)) {
                case Option.Index index -> {
                    if (chosen.get(i)) {
                        kept.add(new Verification.Kept(index.wanted(), index.bytes(), users(i), missed));
                    } else {
                        rejected.add(new Verification.Rejected(
                                index.wanted(),
                                index.bytes(),
                                recommended.get(i),
                                reason(i, index.name(), budgetBytes)));
                    }
                }
                case Option.Distinct number -> {
                    if (chosen.get(i)) {
                        told.add(new Verification.Told(
                                number.change(),
                                String.valueOf(number.told()),
                                String.valueOf(number.estimated()),
                                affected(i),
                                missed));
                    }
                }
                case Option.Cost cost -> {
                    if (chosen.get(i)) {
                        told.add(new Verification.Told(
                                cost.change(database), cost.value(), cost.now(), affected(i), missed));
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
                learned());
    }

    /** What the measured plans teach, and how well that orders plans of queries it was not learned from. */
    private @Nullable OperatorModel learned() {
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

    private List<Verification.Query> queries() throws SQLException {
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
                if (known.book().isSame(call, chosen, new BitSet())) {
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

    private List<String> users(int index) throws SQLException {
        Set<String> ids = new LinkedHashSet<>();
        List<Call> calls = known.book().calls();
        for (int i = 0; i < calls.size(); i++) {
            if (known.book().entry(i, chosen).used().get(index)) {
                ids.add(workload.queries().get(calls.get(i).query()).id());
            }
        }
        return List.copyOf(ids);
    }

    private List<String> affected(int number) throws SQLException {
        Set<String> ids = new LinkedHashSet<>();
        List<Call> calls = known.book().calls();
        for (int i = 0; i < calls.size(); i++) {
            if (!known.book().isSame(i, chosen, Search.without(chosen, number))) {
                ids.add(workload.queries().get(calls.get(i).query()).id());
            }
        }
        return List.copyOf(ids);
    }

    private String reason(int index, String name, long budgetBytes) throws SQLException {
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
}
