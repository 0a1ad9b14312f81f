package dev.hone.advise;

import dev.hone.Progress;
import dev.hone.advise.Costs.Option;
import dev.hone.advise.Costs.Planned;
import dev.hone.advise.PlanReader.Reading;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.twin.HypotheticalIndex;
import dev.hone.twin.Plan;
import dev.hone.twin.PlanException;
import dev.hone.twin.Twin;
import dev.hone.workload.Alike;
import dev.hone.workload.Workload;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds the indexes that a workload misses, and those it can do without: thinks them up from the queries' plans, tries them on the twin, and chooses
 * those that save more than they cost under a storage budget. The same input gives the same advice as long as time does
 * not run out. One advisor serves one call; not safe for use by several threads.
 */
public final class IndexAdvisor {

    /** invalid_object_definition, as of an index on a function that is not immutable. */
    private static final String NOT_IMMUTABLE = "42P17";

    /**
     * How many plans a query is worth, on average, before a choice is good enough and is not made better any more. Without
     * the limit the choice for TPC-H takes up to three times the plans and leaves at most a twentieth less of the cost.
     * Unlike a time the number is the same on every machine, and so is the choice.
     */
    private static final int ENOUGH_PLANS = 110;

    private static final int FEW_PLANS = 1500;

    /** In how many rounds each query's best indexes are taken away to see the next best. */
    private static final int MOST_ROUNDS = 3;

    private final Twin twin;
    private final Twins twins;
    private final Snapshot snapshot;
    private final AdviceOptions options;
    private final Progress progress;
    private final Schema schema;
    private final long startNanos = System.nanoTime();
    private final List<String> notes = new ArrayList<>();
    private final List<Hint> hints = new ArrayList<>();

    /** Expressions that no index may hold, since their value depends on more than the row. */
    private final Map<Schema.Name, Set<String>> changeable = new TreeMap<>();

    private volatile boolean cutShort;

    private IndexAdvisor(Twins twins, Snapshot snapshot, AdviceOptions options, Progress progress) {
        this.twins = twins;
        twin = twins.first();
        this.snapshot = snapshot;
        this.options = options;
        this.progress = progress;
        schema = new Schema(snapshot);
    }

    /**
     * Works out which indexes to create, and which of the source's to drop.
     *
     * @param twin built from the same Snapshot; afterwards it shows no hypothetical index and hides none of the source's
     */
    public static Advice advise(
            Twin twin, Snapshot snapshot, Workload workload, AdviceOptions options, Progress progress) {
        return advise(List.of(twin), snapshot, workload, options, progress);
    }

    /**
     * Works out which indexes to create and to drop, on several twins at once. The advice is the same as of one.
     *
     * @param twins at least one, all built from the same Snapshot; afterwards they show no hypothetical index and hide none
     *     of the source's
     */
    public static Advice advise(
            List<Twin> twins, Snapshot snapshot, Workload workload, AdviceOptions options, Progress progress) {
        try (Twins all = new Twins(twins)) {
            return new IndexAdvisor(all, snapshot, options, progress).advise(workload);
        }
    }

    /** A planned query, with what it writes. */
    private record Understood(Planned planned, List<WriteCost.Write> writes, List<Workload.Query> checks) {}

    private Advice advise(Workload given) {
        Workload workload = Alike.merged(given, this::isPlanned);
        List<Understood> understood = understand(workload);
        List<Option> created = new ArrayList<>();
        create(candidates(understood), created);
        understood.forEach(one -> hints.addAll(changeable(one.planned())));
        twins.showNone();
        WriteCost writes = new WriteCost(
                understood.stream().flatMap(one -> one.writes().stream()).toList(), snapshot);
        Costs costs = new Costs(
                twins,
                understood.stream().map(Understood::planned).toList(),
                created,
                writes,
                options.timeModel(),
                this::timeIsUp);
        long budget = options.budgetFor(snapshot.database().sizeBytes());
        List<Integer> worthwhile = worthwhile(costs);
        BitSet chosen;
        try (Progress.Task task = progress.begin("Choosing indexes", -1)) {
            task.at(0, worthwhile.size() + " candidates");
            long enough = costs.plans() + Math.max(FEW_PLANS, ENOUGH_PLANS * (long) understood.size());
            BooleanSupplier isEnough = () -> timeIsUp() || costs.plans() > enough;
            Choice choice = new Choice(costs, worthwhile, budget, options.minimumGain(), this::timeIsUp, isEnough);
            chosen = choice.choose();
            BitSet merged = choice.merged(chosen, mergers(costs, chosen, created));
            merged.stream().filter(one -> !worthwhile.contains(one)).forEach(worthwhile::add);
            Choice last = new Choice(costs, worthwhile, budget, options.minimumGain(), this::timeIsUp, isEnough);
            chosen = last.refilled(last.refine(merged));
        }
        AdviceWriter writer = new AdviceWriter(costs, schema, chosen, worthwhile, budget, writes);
        double before = costs.exactTotal(new BitSet());
        List<Recommendation> recommendations = new ArrayList<>(writer.recommendations());
        Removals removals = new Removals(costs, twins, schema, snapshot, writes, chosen, this::timeIsUp);
        double after;
        Set<String> inUse;
        try {
            removals.find();
            recommendations.addAll(removals.recommendations());
            // Upkeep that is given back was there before.
            before += removals.upkeep();
            after = costs.exactTotal(chosen);
            inUse = writer.inUse();
        } finally {
            removals.showAgain();
        }
        notes.addAll(writer.notes());
        notes.addAll(removals.notes());
        if (cutShort) {
            notes.add("The time limit of " + options.timeLimit().toSeconds()
                    + " s ended the search early; more time may find better.");
        }
        Advice.Effort effort = new Advice.Effort(
                understood.size(),
                created.size(),
                costs.plans(),
                (System.nanoTime() - startNanos) / 1_000_000,
                !cutShort);
        return new Advice(before, after, recommendations, inUse, notes, effort, hints);
    }

    private boolean isPlanned(Workload.Query query) {
        try {
            twin.explain(query.sql());
            for (List<@Nullable String> sample : query.samples()) {
                twin.explain(query.sql(), sample);
            }
            return true;
        } catch (PlanException e) {
            return false;
        }
    }

    private boolean timeIsUp() {
        boolean up = System.nanoTime() - startNanos > options.timeLimit().toNanos();
        if (up) {
            cutShort = true;
        }
        return up;
    }

    private List<Understood> understand(Workload workload) {
        List<Understood> understood = new ArrayList<>();
        List<String> generic = new ArrayList<>();
        Map<String, List<String>> failures = new TreeMap<>();
        try (Progress.Task task =
                progress.begin("Planning the workload", workload.queries().size())) {
            int done = 0;
            for (Workload.Query query : workload.queries()) {
                task.at(done++, query.id());
                if (!(query.calls() > 0) || timeIsUp()) {
                    continue;
                }
                try {
                    Understood one = understand(query, workload);
                    understood.add(one);
                    one.checks().forEach(check -> understoodCheck(check).ifPresent(understood::add));
                    if (one.planned().variations().source() == Variations.Source.GENERIC) {
                        generic.add(query.id());
                    }
                } catch (PlanException e) {
                    failures.computeIfAbsent(e.reason(), any -> new ArrayList<>())
                            .add(query.id());
                }
            }
            task.at(done, "");
        }
        failures.forEach(
                (reason, ids) -> notes.add("Not planned, and so not served: " + list(ids) + " (" + reason + ")."));
        if (!generic.isEmpty()) {
            notes.add("Planned for any value of their parameters, since none are known: " + list(generic)
                    + ". A workload file with samples says more about skewed data.");
        }
        return understood;
    }

    private static String list(List<String> ids) {
        int most = 10;
        return String.join(", ", ids.subList(0, Math.min(most, ids.size())))
                + (ids.size() > most ? " and " + (ids.size() - most) + " more" : "");
    }

    /** The look-up of a foreign key, which nobody wrote, so that nobody need hear of it if it cannot be planned. */
    private Optional<Understood> understoodCheck(Workload.Query check) {
        try {
            return Optional.of(understand(check, new Workload("", List.of())));
        } catch (PlanException e) {
            return Optional.empty();
        }
    }

    private Understood understand(Workload.Query query, Workload workload) {
        Plan plan;
        try {
            plan = twin.explain(query.sql());
        } catch (PlanException e) {
            // Some statements can be planned only with values: "interval $1", or a parameter whose type nothing tells.
            if (query.samples().isEmpty()) {
                throw e;
            }
            plan = twin.explain(query.sql(), query.samples().getFirst());
        }
        Reading reading = PlanReader.read(plan, schema, PlanReader.constants(query.samples()));
        Variations variations = Variations.of(query, reading.bounds(), twin);
        Set<Schema.Name> tables = new LinkedHashSet<>();
        reading.uses().forEach(use -> tables.add(use.table.name()));
        List<WriteCost.Write> writes = new ArrayList<>();
        plan.nodes()
                .filter(node -> node.type().equals("ModifyTable"))
                .forEach(node -> write(node, query).ifPresent(writes::add));
        reading.rewrites().forEach(rewrite -> hints.add(rewrite.of(query)));
        return new Understood(
                new Planned(query, variations, Set.copyOf(tables), reading.uses()),
                List.copyOf(writes),
                ForeignKeyChecks.of(query, plan, schema, workload));
    }

    /** What is to be said of a query that asks for an expression which no index may hold. */
    private List<Hint> changeable(Planned planned) {
        Set<Hint> found = new LinkedHashSet<>();
        for (TableUse use : planned.uses()) {
            for (String key : changeable.getOrDefault(use.table.name(), Set.of())) {
                if (use.keys().contains(key)) {
                    found.add(new Hint(
                            "expression-not-immutable",
                            planned.query().id(),
                            planned.query().sql(),
                            "It asks for " + key + " of " + use.table.relation().qualifiedName(),
                            "No index may hold that: its value depends on more than the row, such as the session's time"
                                    + " zone.",
                            "Compare the bare column with the bounds of a range; or name the time zone, as in"
                                    + " date_trunc('day', at AT TIME ZONE 'UTC')."));
                }
            }
        }
        return List.copyOf(found);
    }

    private Optional<WriteCost.Write> write(Plan.Node node, Workload.Query query) {
        Schema.Table table = node.schema() == null || node.relation() == null
                ? null
                : schema.table(new Schema.Name(node.schema(), node.relation()));
        if (table == null) {
            return Optional.empty();
        }
        double rowsPerCall = query.rows() != null && query.calls() > 0
                ? query.rows() / query.calls()
                : node.children().stream().mapToDouble(Plan.Node::rows).sum();
        boolean update = "Update".equals(node.attributes().get("Operation"));
        return Optional.of(new WriteCost.Write(
                query.id(),
                schema.root(table),
                rowsPerCall * query.calls(),
                update ? UpdatedColumns.of(query.sql()).orElse(null) : null));
    }

    private List<Candidate> candidates(List<Understood> understood) {
        Map<String, Candidate> all = new TreeMap<>();
        Set<String> wide = new TreeSet<>();
        for (Understood one : understood) {
            for (TableUse use : one.planned().uses()) {
                WideColumns.remove(use)
                        .forEach(column ->
                                wide.add(use.table.relation().qualifiedName() + "." + Sql.identifier(column)));
                for (Candidate candidate : CandidateBuilder.candidates(use, schema, options.maximumWidth())) {
                    if (!isExcluded(candidate)) {
                        all.putIfAbsent(candidate.identity(), candidate);
                    }
                }
            }
        }
        if (!wide.isEmpty()) {
            notes.add("In no btree, since values may be longer than an entry can be (2,704 bytes): "
                    + list(List.copyOf(wide)) + ".");
        }
        return List.copyOf(all.values());
    }

    /** Whether the index must not be proposed; of a partitioned table, not on some partition. */
    private boolean isExcluded(Candidate candidate) {
        return !options.excluded().isEmpty()
                && (options.excludes(candidate.index(""))
                        || schema.leaves(candidate.table()).stream()
                                .anyMatch(leaf ->
                                        options.excludes(candidate.on(leaf).index(""))));
    }

    /** What could do the work of two chosen indexes, created now. */
    private List<Choice.Merger> mergers(Costs costs, BitSet chosen, List<Option> created) {
        int[] now = chosen.stream().toArray();
        Set<String> known = new HashSet<>();
        costs.options().forEach(option -> known.add(option.candidate().identity()));
        List<Choice.Merger> mergers = new ArrayList<>();
        List<Candidate> candidates = new ArrayList<>();
        for (int one : now) {
            for (int other : now) {
                if (other < one) {
                    Candidate candidate = costs.options().get(one).candidate();
                    candidate.merged(costs.options().get(other).candidate(), options.maximumWidth()).stream()
                            .filter(both -> !both.isServed() && !isExcluded(both) && known.add(both.identity()))
                            .forEach(both -> {
                                candidates.add(both);
                                mergers.add(new Choice.Merger(one, other, both.identity()));
                            });
                }
            }
        }
        int before = created.size();
        create(candidates, created);
        twins.showNone();
        created.subList(before, created.size()).forEach(costs::add);
        return mergers;
    }

    private void create(List<Candidate> candidates, List<Option> created) {
        List<Candidate> possible = candidates.stream()
                .filter(one -> one.extension() == null || twins.install(one.extension()))
                .toList();
        String name = "hone_candidate_" + created.size() + "_";
        List<CreateIndex> indexes = new ArrayList<>();
        possible.forEach(one -> indexes.add(one.index(name + indexes.size())));
        try (Progress.Task task = progress.begin("Sizing candidate indexes", possible.size())) {
            List<@Nullable HypotheticalIndex> done = twins.create(
                    indexes,
                    i -> {
                        task.at(i, possible.get(i).table().relation().qualifiedName());
                        return timeIsUp();
                    },
                    (e, i) -> {
                        // There can be no such index: a type without an order, an expression that is not immutable.
                        Candidate refused = possible.get(i);
                        // Of several keys, or with a condition, another part may be to blame.
                        if (e.getCause() instanceof SQLException cause
                                && NOT_IMMUTABLE.equals(cause.getSQLState())
                                && refused.keys().size() == 1
                                && refused.predicate() == null) {
                            changeable
                                    .computeIfAbsent(refused.table().name(), any -> new TreeSet<>())
                                    .addAll(refused.keys());
                        }
                    });
            for (int i = 0; i < done.size(); i++) {
                HypotheticalIndex index = done.get(i);
                if (index != null) {
                    Candidate candidate = possible.get(i);
                    created.add(new Option(
                            candidate,
                            index,
                            candidate.table().relation().kind().equals("p")));
                }
            }
            task.at(possible.size(), "");
        }
    }

    /** The candidates that help some query, alone or together. */
    private List<Integer> worthwhile(Costs costs) {
        Set<Integer> found = new TreeSet<>();
        BitSet none = new BitSet();
        List<BitSet> left = new ArrayList<>();
        try (Progress.Task task = progress.begin("Trying candidate indexes", 1 + MOST_ROUNDS)) {
            for (int query = 0; query < costs.queries().size(); query++) {
                left.add(costs.mattering(query));
            }
            // All together; then what comes in the place of those that were used, and so on.
            for (int round = 0; round < MOST_ROUNDS && !timeIsUp(); round++) {
                task.at(round, "together");
                List<Costs.Ask> asks = new ArrayList<>();
                for (int query = 0; query < left.size(); query++) {
                    asks.add(new Costs.Ask(query, none));
                    asks.add(new Costs.Ask(query, left.get(query)));
                }
                costs.prepare(asks);
                for (int query = 0; query < left.size() && !timeIsUp(); query++) {
                    BitSet used = (BitSet) costs.used(query, left.get(query)).clone();
                    if (costs.isNoticed(query, none, left.get(query))) {
                        used.stream().forEach(found::add);
                    }
                    BitSet rest = (BitSet) left.get(query).clone();
                    rest.andNot(used);
                    left.set(query, rest);
                }
            }
            task.at(MOST_ROUNDS, "one by one");
            List<Costs.Ask> asks = new ArrayList<>();
            for (int query = 0; query < costs.queries().size(); query++) {
                int asked = query;
                costs.mattering(query).stream().forEach(option -> asks.add(new Costs.Ask(asked, one(option))));
            }
            costs.prepare(asks);
            costs.settle();
            for (int i = 0; i < costs.options().size() && !timeIsUp(); i++) {
                Schema.Name table = costs.options().get(i).candidate().table().name();
                if (costs.change(table, none, one(i)) < 0 && costs.isNoticed(table, none, one(i))) {
                    found.add(i);
                }
            }
        }
        return new ArrayList<>(found);
    }

    private static BitSet one(int option) {
        BitSet one = new BitSet();
        one.set(option);
        return one;
    }
}
