package dev.hone.verify;

import dev.hone.postgres.Sql;
import dev.hone.twin.Plan;
import dev.hone.twin.PlanException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which plan each call has with each set of options, as the stage's planner says. A call is planned again only for sets
 * that differ in what concerns tables it touches, and not even then if a known plan would win again: what the planner chose
 * among more indexes it also chooses among fewer, as long as all it used is still there and it is told the same; and what it
 * chose among fewer it still can, so that nothing is gained by asking where that costs no more than the best among more.
 */
final class PlanBook {

    /**
     * What a call does with a set of options.
     *
     * @param work tells it from other work of the same call: equal texts take equal time
     * @param used which of the built indexes the plan reads
     */
    record Entry(String work, Plan plan, BitSet used) {}

    private record Known(BitSet visible, Entry entry) {}

    private final Stage stage;
    private final List<Call> calls;
    private final List<Set<String>> tables = new ArrayList<>();
    private final List<Set<String>> written = new ArrayList<>();
    private final List<Map<BitSet, Known>> known = new ArrayList<>();

    /**
     * Plans every call without any of the built indexes.
     *
     * @param referencing by table, the tables whose foreign keys point to it: writing the one may read the other
     * @throws PlanException if a call cannot be planned
     */
    PlanBook(Stage stage, List<Call> calls, Map<String, Set<String>> referencing) throws SQLException {
        this.stage = stage;
        this.calls = List.copyOf(calls);
        stage.show(new BitSet());
        for (Call call : calls) {
            Plan plan = stage.runner().explain(call);
            Set<String> touched = new HashSet<>();
            Set<String> targets = new HashSet<>();
            plan.nodes()
                    .filter(node -> node.relation() != null && node.schema() != null)
                    .forEach(node -> {
                        String table = Sql.identifier(String.valueOf(node.schema()), String.valueOf(node.relation()));
                        touched.add(table);
                        if (node.type().equals("ModifyTable")) {
                            targets.add(table);
                            targets.addAll(referencing.getOrDefault(table, Set.of()));
                        }
                    });
            touched.addAll(targets);
            tables.add(touched);
            written.add(targets);
            known.add(new HashMap<>());
        }
    }

    List<Call> calls() {
        return calls;
    }

    /** Whether a call writes, so that what it takes depends on all indexes of its table. */
    boolean writes(int call) {
        return !written.get(call).isEmpty();
    }

    /** Those of a set that are on tables a call touches. */
    BitSet relevant(int call, BitSet set) {
        return on(tables.get(call), set);
    }

    Entry entry(int call, BitSet set) throws SQLException {
        BitSet relevant = relevant(call, set);
        Map<BitSet, Known> plans = known.get(call);
        Known found = plans.get(relevant);
        if (found == null) {
            found = inferred(plans.values(), relevant);
            if (found == null) {
                stage.show(set);
                Plan plan = stage.runner().explain(calls.get(call));
                found = new Known(relevant, entry(call, plan, relevant));
            } else if (writes(call)) {
                found = new Known(relevant, entry(call, found.entry().plan(), relevant));
            }
            plans.put(relevant, found);
        }
        return found.entry();
    }

    /**
     * Asks the planner for every call's plan with a set, whatever was inferred.
     *
     * @return true if one was another
     */
    boolean planAfresh(BitSet set) throws SQLException {
        boolean other = false;
        stage.show(set);
        for (int call = 0; call < calls.size(); call++) {
            BitSet relevant = relevant(call, set);
            Entry inferred = entry(call, set);
            Entry fresh = entry(call, stage.runner().explain(calls.get(call)), relevant);
            if (!fresh.work().equals(inferred.work())) {
                known.get(call).put(relevant, new Known(relevant, fresh));
                other = true;
            }
        }
        return other;
    }

    private @Nullable Known inferred(Collection<Known> plans, BitSet relevant) {
        Known possible = null;
        double lower = 0;
        for (Known one : plans) {
            if (!told(relevant).equals(told(one.visible()))) {
                continue;
            }
            boolean stillThere = isSubset(one.entry().used(), relevant);
            if (isSubset(relevant, one.visible())) {
                if (stillThere) {
                    return one;
                }
                lower = Math.max(lower, one.entry().plan().totalCost());
            }
            if (stillThere
                    && (possible == null
                            || one.entry().plan().totalCost()
                                    < possible.entry().plan().totalCost())) {
                possible = one;
            }
        }
        return possible != null && possible.entry().plan().totalCost() <= lower ? possible : null;
    }

    /** Whether a call does the same with one set as with another. */
    boolean isSame(int call, BitSet one, BitSet other) throws SQLException {
        return entry(call, one).work().equals(entry(call, other).work());
    }

    private Entry entry(int call, Plan plan, BitSet relevant) {
        BitSet used = new BitSet();
        List<Option> options = stage.options();
        plan.nodes().filter(node -> node.index() != null).forEach(node -> {
            for (int i = 0; i < options.size(); i++) {
                if (options.get(i) instanceof Option.Index index && index.name().equals(node.index())) {
                    used.set(i);
                }
            }
        });
        String work = Fingerprint.of(plan);
        return new Entry(writes(call) ? work + indexes(on(written.get(call), relevant)) : work, plan, used);
    }

    private BitSet on(Set<String> some, BitSet set) {
        BitSet found = new BitSet();
        set.stream().filter(i -> stage.options().get(i).concerns(some)).forEach(found::set);
        return found;
    }

    private BitSet indexes(BitSet set) {
        BitSet found = (BitSet) set.clone();
        found.andNot(told(set));
        return found;
    }

    /** Those of a set that the planner is told, and no plan reads. */
    BitSet told(BitSet set) {
        BitSet found = new BitSet();
        set.stream()
                .filter(i -> !(stage.options().get(i) instanceof Option.Index))
                .forEach(found::set);
        return found;
    }

    private static boolean isSubset(BitSet part, BitSet whole) {
        BitSet rest = (BitSet) part.clone();
        rest.andNot(whole);
        return rest.isEmpty();
    }
}
