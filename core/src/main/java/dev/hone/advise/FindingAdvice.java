package dev.hone.advise;

import dev.hone.change.AddForeignKeyIndex;
import dev.hone.change.AlterColumnStatistics;
import dev.hone.change.AlterSetting;
import dev.hone.change.AlterTable;
import dev.hone.change.Analyze;
import dev.hone.change.AttachPartition;
import dev.hone.change.Change;
import dev.hone.change.CreateExtension;
import dev.hone.change.CreateIndex;
import dev.hone.change.CreateMaterializedView;
import dev.hone.change.CreateStatistics;
import dev.hone.change.CreateTrigger;
import dev.hone.change.CreateUniqueConstraint;
import dev.hone.change.DropIndex;
import dev.hone.change.DropOldPartitions;
import dev.hone.change.PartitionTable;
import dev.hone.change.Reindex;
import dev.hone.change.ReplaceFunction;
import dev.hone.change.RunSql;
import dev.hone.change.Vacuum;
import dev.hone.change.ValidateConstraint;
import dev.hone.check.Finding;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Adds the changes that a diagnosis proposes to what the advisor worked out from plans. */
public final class FindingAdvice {

    /** Checks whose index to drop does nothing that another one does not do as well. */
    private static final Set<String> NEEDLESS = Set.of("duplicate", "redundant", "invalid");

    private static final String FOREIGN_KEY = "foreign-key-without-index";

    private FindingAdvice() {}

    /**
     * The advice with a recommendation for every finding that has a change of its own. Left out are those that are there
     * already: an index that a recommended one begins with, and the same change twice; and the removal of an index
     * that the workload uses. Settings and fresh statistics come first and removals last, so that nothing is missed meanwhile.
     */
    public static Advice merge(Advice advice, List<Finding> findings) {
        List<Recommendation> first = new ArrayList<>();
        List<Recommendation> creations = new ArrayList<>(advice.recommendations());
        List<Recommendation> others = new ArrayList<>();
        List<Recommendation> removals = new ArrayList<>();
        List<String> notes = new ArrayList<>(advice.notes());
        Set<Change> seen = new HashSet<>();
        Set<String> dropped = new HashSet<>();
        advice.recommendations().stream()
                .map(Recommendation::change)
                .filter(DropIndex.class::isInstance)
                .forEach(change -> dropped.add(change.subject()));
        for (Finding finding : findings) {
            Change change = finding.change();
            if (change == null || !seen.add(change)) {
                continue;
            }
            switch (change) {
                case Analyze analyze -> first.add(of(finding, analyze, 0));
                case CreateExtension extension -> first.add(of(finding, extension, 0));
                case AlterSetting setting -> first.add(of(finding, setting, 0));
                case AlterColumnStatistics column -> first.add(of(finding, column, 0));
                case CreateStatistics statistics -> first.add(of(finding, statistics, 0));
                case AlterTable table -> first.add(of(finding, table, 0));
                case Vacuum vacuum -> first.add(of(finding, vacuum, 0));
                case Reindex reindex -> others.add(of(finding, reindex, -sizeBytes(finding)));
                case ValidateConstraint constraint -> others.add(of(finding, constraint, 0));
                case CreateUniqueConstraint constraint -> others.add(of(finding, constraint, 0));
                case RunSql sql -> others.add(of(finding, sql, 0));
                case ReplaceFunction function -> others.add(of(finding, function, 0));
                case CreateTrigger trigger -> others.add(of(finding, trigger, 0));
                case CreateMaterializedView view -> others.add(of(finding, view, 0));
                case AttachPartition partition -> others.add(of(finding, partition, 0));
                case PartitionTable partition -> others.add(of(finding, partition, 0));
                case DropOldPartitions partitions -> removals.add(of(finding, partitions, -sizeBytes(finding)));
                case CreateIndex index -> {
                    boolean anyOrder = finding.check().equals(FOREIGN_KEY);
                    if (creations.stream().noneMatch(one -> serves(one.change(), index, anyOrder))) {
                        creations.add(of(finding, renamed(index, creations), 0));
                    }
                }
                case AddForeignKeyIndex key -> {
                    CreateIndex index = key.index();
                    if (creations.stream().noneMatch(one -> serves(one.change(), index, true))) {
                        creations.add(
                                of(finding, key.named(renamed(index, creations).name()), 0));
                    }
                }
                case DropIndex drop -> {
                    if (!dropped.add(drop.subject())) {
                        continue;
                    }
                    if (advice.inUse().contains(drop.subject())
                            && NEEDLESS.stream().noneMatch(finding.check()::contains)) {
                        notes.add("Kept: " + drop.subject() + " (" + finding.summary()
                                + ") is used by a query of this workload.");
                    } else {
                        removals.add(of(finding, drop, -sizeBytes(finding)));
                    }
                }
            }
        }
        List<Recommendation> all = new ArrayList<>(first);
        all.addAll(creations);
        all.addAll(others);
        all.addAll(removals);
        return new Advice(
                advice.costBefore(), advice.costAfter(), all, advice.inUse(), notes, advice.effort(), advice.hints());
    }

    private static Recommendation of(Finding finding, Change change, long sizeBytes) {
        return new Recommendation(change, finding.summary() + ". " + finding.why(), sizeBytes, List.of(), List.of());
    }

    private static long sizeBytes(Finding finding) {
        for (String name : List.of("size_bytes", "index_bytes", "bytes")) {
            if (finding.evidence().get(name) instanceof Number bytes) {
                return bytes.longValue();
            }
        }
        return 0;
    }

    /** The index under a name that no recommended one has: both may be named after the same columns. */
    private static CreateIndex renamed(CreateIndex index, List<Recommendation> creations) {
        Set<String> taken = new HashSet<>();
        creations.forEach(one -> {
            if (one.change() instanceof CreateIndex || one.change() instanceof AddForeignKeyIndex) {
                taken.add(one.change().subject());
            }
        });
        CreateIndex result = index;
        for (int attempt = 1; taken.contains(result.subject()); attempt++) {
            result = index.named(IndexNames.end(index.name(), Integer.toString(attempt)));
        }
        return result;
    }

    /**
     * True if an index already recommended serves whatever this one would.
     *
     * @param anyOrder whether it does so with its leading keys in any order, as all are compared for equality
     */
    private static boolean serves(Change change, CreateIndex wanted, boolean anyOrder) {
        CreateIndex known = change instanceof AddForeignKeyIndex key
                ? key.index()
                : change instanceof CreateIndex index ? index : null;
        if (known == null
                || !known.schema().equals(wanted.schema())
                || !known.table().equals(wanted.table())
                || !known.method().equals(wanted.method())
                || wanted.unique()
                || (known.predicate() != null && !known.predicate().equals(wanted.predicate()))
                || known.keys().size() < wanted.keys().size()) {
            return false;
        }
        List<String> leading = known.keys().subList(0, wanted.keys().size());
        boolean begins =
                anyOrder ? Set.copyOf(leading).equals(Set.copyOf(wanted.keys())) : leading.equals(wanted.keys());
        return begins && (wanted.include().isEmpty() || known.include().containsAll(wanted.include()));
    }
}
