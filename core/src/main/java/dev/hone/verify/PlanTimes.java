package dev.hone.verify;

import dev.hone.advise.TimeModel;
import dev.hone.twin.Plan;
import dev.hone.verify.PlanBook.Entry;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What each plan of each call takes: measured once, and known from then on for every set of indexes under which the
 * planner chooses that plan. What was not measured yet is predicted from the same call's measured plans.
 */
final class PlanTimes {

    /**
     * A measured plan.
     *
     * @param millis of one run
     * @param atLeast true if it was ended at that time
     */
    record Measured(Plan plan, double millis, boolean atLeast) {}

    /** How much better than predicted a plan may turn out: what looks nearly as good is worth measuring. */
    private static final double HOPE = 0.85;

    private final PlanBook book;
    private final List<Map<String, Measured>> measured = new ArrayList<>();
    private TimeModel model = TimeModel.PLANNER;

    PlanTimes(PlanBook book) {
        this.book = book;
        book.calls().forEach(call -> measured.add(new HashMap<>()));
    }

    PlanBook book() {
        return book;
    }

    void model(TimeModel better) {
        model = better;
    }

    void put(int call, String work, Measured result) {
        measured.get(call).put(work, result);
    }

    boolean isMeasured(int call, BitSet set) throws SQLException {
        return measured.get(call).containsKey(book.entry(call, set).work());
    }

    /** What is known of a call. */
    Collection<Measured> measured(int call) {
        return measured.get(call).values();
    }

    /** Every measured plan that ran to its end. */
    List<Measured> all() {
        return measured.stream()
                .flatMap(plans -> plans.values().stream())
                .filter(one -> !one.atLeast())
                .toList();
    }

    /** Every measured plan that ran to its end, those of one query together. */
    List<List<Measured>> byQuery() {
        Map<Integer, List<Measured>> all = new TreeMap<>();
        for (int i = 0; i < measured.size(); i++) {
            List<Measured> some = all.computeIfAbsent(book.calls().get(i).query(), any -> new ArrayList<>());
            measured.get(i).values().stream().filter(one -> !one.atLeast()).forEach(some::add);
        }
        return List.copyOf(all.values());
    }

    /** Milliseconds of one run of a call, measured or predicted; what was measured first of it must be without indexes. */
    double millis(int call, BitSet set) throws SQLException {
        Entry entry = book.entry(call, set);
        Measured known = measured.get(call).get(entry.work());
        if (known != null) {
            return known.atLeast() ? known.millis() * 2 : known.millis();
        }
        return HOPE * predicted(call, entry, book.told(set));
    }

    /**
     * Milliseconds that a plan would take, from the same call's plan without indexes.
     *
     * @param told what the planner was told of: with other numbers costs mean something else
     */
    double predicted(int call, Entry entry, BitSet told) throws SQLException {
        Entry base = book.entry(call, told);
        if (!measured.get(call).containsKey(base.work())) {
            base = book.entry(call, new BitSet());
        }
        Measured reference = measured.get(call).get(base.work());
        if (reference == null) {
            return model.of(entry.plan());
        }
        double ratio = Math.max(1e-9, model.of(entry.plan())) / Math.max(1e-9, model.of(base.plan()));
        return reference.millis() * ratio;
    }
}
