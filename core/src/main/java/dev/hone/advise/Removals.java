package dev.hone.advise;

import dev.hone.change.DropIndex;
import dev.hone.postgres.Activity.IndexActivity;
import dev.hone.postgres.Catalog.Index;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds indexes of the source that the workload can do without, by planning it with them hidden on the twin.
 *
 * <p>A workload is never all there is. So an index goes only if another one, which stays or is created, does all that it
 * does, or if the source's counters have seen no scan of it for a week and there is no standby, which counts its own
 * scans; and only if no query of the workload gets
 * noticeably dearer. What backs a constraint, keeps values unique, is a replica identity, belongs to a partitioned
 * table's index, holds an expression (the planner uses its statistics), or serves a foreign key stays in any case.
 */
final class Removals {

    /** As long as the counters must have seen nothing; the same as for the check of unused indexes. */
    private static final Duration LONG_ENOUGH = Duration.ofDays(7);

    /** By how much a query may get dearer. */
    private static final double SAME = 0.01;

    private final Costs costs;
    private final Twins twins;
    private final Schema schema;
    private final Snapshot snapshot;
    private final WriteCost writes;
    private final BitSet chosen;
    private final BooleanSupplier timeIsUp;
    private final Map<Schema.Name, IndexActivity> activity = new HashMap<>();
    private final List<Removal> removed = new ArrayList<>();
    /** What now does the work of others, under the names that {@link Removal#by} gives. */
    private final Set<String> needed = new HashSet<>();

    private final Set<String> notes = new TreeSet<>();

    /**
     * One that may go.
     *
     * @param by the name of what does its work, quoted; null if it had none
     */
    private record Removal(
            Schema.Table table,
            Schema.Existing index,
            @Nullable String by) {
        Schema.Name name() {
            return new Schema.Name(table.name().schema(), index.name());
        }
    }

    /** @param costs of the chosen set, with all of the source's indexes shown */
    Removals(
            Costs costs,
            Twins twins,
            Schema schema,
            Snapshot snapshot,
            WriteCost writes,
            BitSet chosen,
            BooleanSupplier timeIsUp) {
        this.costs = costs;
        this.twins = twins;
        this.schema = schema;
        this.snapshot = snapshot;
        this.writes = writes;
        this.chosen = chosen;
        this.timeIsUp = timeIsUp;
        snapshot.activity().indexes().forEach(one -> activity.put(new Schema.Name(one.schema(), one.name()), one));
    }

    /** Finds them, and hides them on the twins: {@link #showAgain} ends that. */
    void find() {
        Map<Schema.Name, Schema.Table> tables = new LinkedHashMap<>();
        Set<Schema.Name> now = new HashSet<>();
        Set<Schema.Name> before = new HashSet<>();
        for (int query = 0; query < costs.queries().size(); query++) {
            now.addAll(used(query, chosen));
            before.addAll(used(query, new BitSet()));
            costs.queries().get(query).tables().stream().sorted().forEach(name -> {
                Schema.Table table = schema.table(name);
                if (table != null) {
                    tables.putIfAbsent(name, table);
                }
            });
        }
        for (Schema.Table table : tables.values()) {
            List<Schema.Existing> possible = table.indexes().stream()
                    .filter(one -> mayGo(table, one))
                    // The longest stay; of the same, the oldest.
                    .sorted(Comparator.comparingInt(
                                    (Schema.Existing one) -> one.methodKeys().size())
                            .thenComparingLong(one -> -one.index().oid()))
                    .toList();
            for (Schema.Existing index : possible) {
                if (timeIsUp.getAsBoolean()) {
                    return;
                }
                Schema.Name name = new Schema.Name(table.name().schema(), index.name());
                weigh(table, index, before.contains(name), now.contains(name));
            }
        }
    }

    /** The source's indexes that a query uses. A bitmap's node tells no schema, so they are looked for by table. */
    private Set<Schema.Name> used(int query, BitSet set) {
        Set<Schema.Name> found = new HashSet<>();
        for (Schema.Name existing : costs.existing(query, set)) {
            for (Schema.Name name : costs.queries().get(query).tables()) {
                Schema.Table table = schema.table(name);
                if (table != null
                        && table.indexes().stream().anyMatch(one -> one.name().equals(existing.table()))) {
                    found.add(new Schema.Name(name.schema(), existing.table()));
                }
            }
        }
        return found;
    }

    private void weigh(Schema.Table table, Schema.Existing index, boolean usedBefore, boolean usedNow) {
        Schema.Name name = new Schema.Name(table.name().schema(), index.name());
        String subject = Sql.identifier(name.schema(), name.table());
        IndexActivity counted = activity.get(name);
        int standbys = snapshot.activity().standbys();
        boolean notScanned = counted != null && counted.scans() == 0 && countedLongEnough();
        boolean unused = !usedBefore && !usedNow && notScanned && standbys == 0;
        // What nothing uses needs nobody in its place.
        String by = unused && !servesForeignKey(table, index) ? null : servedBy(table, index);
        if (by == null && (usedNow || needed.contains(subject))) {
            return;
        }
        if (by == null && !unused) {
            notes.add(subject + " is used by no query of this workload"
                    + (usedBefore ? " any more" : "")
                    + (counted == null
                            ? ", but nobody counts its scans: it stays."
                            : counted.scans() > 0
                                    ? String.format(
                                            Locale.ROOT,
                                            ", but was scanned %,d times: it stays. Look at its counter again later.",
                                            counted.scans())
                                    : notScanned && standbys > 0
                                            ? ", and was not scanned here; but there "
                                                    + (standbys == 1 ? "is a standby" : "are " + standbys + " standbys")
                                                    + " with " + (standbys == 1 ? "its" : "their")
                                                    + " own counters: it stays. Look there before dropping it."
                                            : ", but its scans have not been counted for a week: it stays."));
            return;
        }
        Removal removal = new Removal(table, index, by);
        if (usedNow && !isMissedByNone(removal)) {
            return;
        }
        if (!usedNow) {
            hide(removal, true);
        }
        removed.add(removal);
        if (by != null) {
            needed.add(by);
        }
    }

    /** Whether every query stays as cheap without it; if so it is hidden from now on. */
    private boolean isMissedByNone(Removal removal) {
        List<Integer> queries = costs.queriesOn(removal.table().name());
        Map<Integer, Double> with = new HashMap<>();
        queries.forEach(query -> with.put(query, costs.cost(query, chosen)));
        hide(removal, true);
        costs.forget();
        costs.prepare(removal.table().name(), List.of(chosen));
        boolean same = queries.stream()
                .allMatch(query ->
                        costs.cost(query, chosen) <= (1 + SAME) * with.getOrDefault(query, Double.POSITIVE_INFINITY));
        if (!same) {
            hide(removal, false);
            costs.forget();
        }
        return same;
    }

    private void hide(Removal removal, boolean hide) {
        twins.hideExisting(removal.table().name().schema(), removal.index().name(), hide);
    }

    private boolean mayGo(Schema.Table table, Schema.Existing existing) {
        Index index = existing.index();
        boolean partitioned =
                table.relation().kind().equals("p") || table.relation().partitionBound() != null || index.parent() != 0;
        return !partitioned
                && !index.unique()
                && !index.primary()
                && !index.constraint()
                && !index.replicaIdentity()
                && index.keys().stream().noneMatch(number -> number == 0)
                // An index that has another in its place may serve a foreign key: that one does too.
                && (!servesForeignKey(table, existing) || servedBy(table, existing) != null);
    }

    private static boolean servesForeignKey(Schema.Table table, Schema.Existing existing) {
        return table.servesForeignKey(existing.index().keys().stream()
                .map(number -> Sql.identifier(String.valueOf(table.columnName(number))))
                .toList());
    }

    /** The name of what does all that a btree does, and stays; null if there is none. */
    private @Nullable String servedBy(Schema.Table table, Schema.Existing existing) {
        if (!existing.method().equals(Candidate.BTREE) || existing.keys().isEmpty()) {
            return null;
        }
        for (Schema.Existing other : table.indexes()) {
            boolean gone = removed.stream()
                    .anyMatch(one -> one.table().name().equals(table.name())
                            && one.index().name().equals(other.name()));
            if (other.index().oid() != existing.index().oid()
                    && !gone
                    && begins(other.keys(), existing.keys())
                    && isNoNarrower(other.index().predicate(), existing.index().predicate())
                    && holds(
                            other.index().keys(),
                            other.index().included(),
                            existing.index().included())) {
                return Sql.identifier(table.name().schema(), other.name());
            }
        }
        for (int option : chosen.stream().toArray()) {
            Candidate candidate = costs.options().get(option).candidate();
            if (candidate.table().name().equals(table.name())
                    && candidate.method().equals(Candidate.BTREE)
                    && begins(candidate.keys().stream().map(Deparsed::canonical).toList(), existing.keys())
                    && isNoNarrower(candidate.predicate(), existing.index().predicate())
                    && existing.index().included().stream()
                            .allMatch(number -> candidate.include().contains(String.valueOf(table.columnName(number)))
                                    || candidate
                                            .keys()
                                            .contains(Sql.identifier(String.valueOf(table.columnName(number)))))) {
                return "the new index on (" + String.join(", ", candidate.keys()) + ")";
            }
        }
        return null;
    }

    private static boolean begins(List<String> longer, List<String> shorter) {
        return longer.size() >= shorter.size()
                && longer.subList(0, shorter.size()).equals(shorter);
    }

    private static boolean isNoNarrower(@Nullable String wide, @Nullable String narrow) {
        return wide == null || (narrow != null && Deparsed.canonical(wide).equals(Deparsed.canonical(narrow)));
    }

    private static boolean holds(List<Integer> keys, List<Integer> included, List<Integer> wanted) {
        Set<Integer> held = new HashSet<>(keys);
        held.addAll(included);
        return held.containsAll(wanted);
    }

    private boolean countedLongEnough() {
        Instant since = snapshot.activity().since();
        return since != null && since.isBefore(snapshot.takenAt().minus(LONG_ENOUGH));
    }

    /** What keeping them up cost, for all calls. */
    double upkeep() {
        return removed.stream()
                .mapToDouble(one -> writes.ofExisting(one.table(), one.index()))
                .sum();
    }

    /** One for each, the largest first. */
    List<Recommendation> recommendations() {
        return removed.stream()
                .sorted(Comparator.comparingLong((Removal one) -> -bytes(one)).thenComparing(Removal::name))
                .map(this::recommendation)
                .toList();
    }

    List<String> notes() {
        return List.copyOf(notes);
    }

    private Recommendation recommendation(Removal removal) {
        Schema.Existing index = removal.index();
        String reason = removal.by() == null
                ? "No query of the workload uses it, and it was not scanned since "
                        + snapshot.activity().since() + "."
                : standing(removal.by())
                        + " does all that it does, and with it hidden no query of the workload gets dearer.";
        reason = Character.toUpperCase(reason.charAt(0)) + reason.substring(1);
        List<Recommendation.Effect> effects = new ArrayList<>();
        for (int query : costs.queriesOn(removal.table().name())) {
            Costs.Planned planned = costs.queries().get(query);
            double upkeep = writes.ofExisting(planned.query(), removal.table(), index)
                    / planned.query().calls();
            if (upkeep > 0) {
                double after = costs.cost(query, chosen);
                effects.add(new Recommendation.Effect(
                        planned.query().id(),
                        planned.query().sql(),
                        after + upkeep,
                        after,
                        planned.query().calls()));
            }
        }
        if (!effects.isEmpty()) {
            reason += effects.size() == 1
                    ? " The statement that writes the table need not keep it up."
                    : " The " + effects.size() + " statements that write the table need not keep it up.";
        }
        effects.sort(Comparator.comparingDouble(
                        (Recommendation.Effect effect) -> effect.calls() * (effect.costAfter() - effect.costBefore()))
                .thenComparing(Recommendation.Effect::query));
        return new Recommendation(
                new DropIndex(
                        removal.table().name().schema(),
                        index.name(),
                        index.index().definition()),
                reason,
                -bytes(removal),
                effects,
                List.of());
    }

    /** What does the work in the end: an index that does it now may itself be displaced by another. */
    private String standing(String by) {
        return removed.stream()
                .filter(one ->
                        by.equals(Sql.identifier(one.name().schema(), one.name().table())))
                .map(Removal::by)
                .filter(Objects::nonNull)
                .findFirst()
                .map(this::standing)
                .orElse(by);
    }

    private long bytes(Removal removal) {
        IndexActivity counted = activity.get(removal.name());
        return counted == null ? 0 : counted.bytes();
    }

    /** Shows on the twins what was hidden. */
    void showAgain() {
        removed.forEach(one -> hide(one, false));
    }
}
