package dev.hone.verify;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.advise.Advice;
import dev.hone.advise.AdviceOptions;
import dev.hone.advise.RepresentativeCalls;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.twin.PlanException;
import dev.hone.twin.Twin;
import dev.hone.workload.Workload;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tries advice on a copy of the database, and keeps what measured better. */
public final class Trial {

    private Trial() {}

    /**
     * Builds the recommended indexes and their runners-up on a copy, measures the workload with and without, and says which
     * are worth having. The source is at most read; a staging copy is left as it was found.
     *
     * @param twin built from the Snapshot
     * @param source where the database is; null if only its Snapshot is at hand, so that there must be a staging copy
     * @param advice what the plans alone speak for
     * @param advising the options it was worked out with
     * @throws HoneException of kind {@code REFUSED} if it cannot be tried there, with nothing built; of kind {@code FAILED}
     *     if the copy was lost meanwhile
     */
    public static Verification run(
            Twin twin,
            Snapshot snapshot,
            @Nullable ServerAddress source,
            Workload workload,
            Advice advice,
            AdviceOptions advising,
            VerifyOptions options,
            Progress progress) {
        RepresentativeCalls calls = new RepresentativeCalls(twin, snapshot);
        Touched touched = touched(twin, snapshot, workload, calls);
        try (Stage stage = stage(snapshot, source, touched, options, progress)) {
            boolean reading = options.place() instanceof Place.Source && touched.isWriting();
            List<CreateIndex> recommended = Shortlist.indexes(advice);
            List<CreateIndex> others = Shortlist.besides(recommended, twin, snapshot, workload, advising, progress);
            Verification found = new Verifier(
                            stage,
                            snapshot,
                            reading ? reading(workload, touched) : workload,
                            calls,
                            advising.budgetFor(snapshot.database().sizeBytes()),
                            advising.minimumGain(),
                            options.time(),
                            progress)
                    .verify(recommended, others);
            return reading
                    ? found.withNote("Not measured: "
                            + String.join(
                                    ", ",
                                    touched.writing().stream()
                                            .map(Workload.Query::id)
                                            .sorted()
                                            .limit(10)
                                            .toList())
                            + (touched.writing().size() > 10 ? " and more" : "")
                            + " (they write, and nothing is written in the database itself for a trial): what indexes cost"
                            + " them is not in the figures.")
                    : found;
        } catch (SQLException e) {
            throw HoneException.failed(
                    "The connection was lost while the advice was tried: " + e.getMessage(),
                    "What was built in the database or a staging copy is journaled there: the next --verify there removes it, or"
                            + " `hone undo`. A copy on this machine is gone.",
                    e);
        }
    }

    private static Stage stage(
            Snapshot snapshot,
            @Nullable ServerAddress source,
            Touched touched,
            VerifyOptions options,
            Progress progress)
            throws SQLException {
        return switch (options.place()) {
            case Place.StagingCopy staging ->
                Staging.open(staging.address(), source, snapshot, touched.isWriting(), progress);
            case Place.Source itself -> Staging.source(reachable(source), snapshot, progress);
            case Place.OwnCopy own ->
                RestoredCopy.make(
                        reachable(source), snapshot, touched.tables(), own.sizeBytes(), touched.isWriting(), progress);
        };
    }

    /** Nothing is written in the source for a trial, not even in a transaction that is rolled back. */
    private static Workload reading(Workload workload, Touched touched) {
        return new Workload(
                workload.source(),
                workload.queries().stream()
                        .filter(query -> !touched.writing().contains(query))
                        .toList());
    }

    private static ServerAddress reachable(@Nullable ServerAddress source) {
        if (source == null) {
            throw HoneException.refused(
                    "A snapshot's file holds no rows to measure with",
                    "Nothing was built. Give the database's address instead of the file, or a copy by --verify-on URL.");
        }
        return source;
    }

    /**
     * What a workload touches.
     *
     * @param writing the queries that write
     */
    private record Touched(Set<String> tables, Set<Workload.Query> writing) {

        boolean isWriting() {
            return !writing.isEmpty();
        }
    }

    private static Touched touched(Twin twin, Snapshot snapshot, Workload workload, RepresentativeCalls calls) {
        Set<String> tables = new HashSet<>();
        Set<String> written = new HashSet<>();
        Set<Workload.Query> writing = new HashSet<>();
        for (Workload.Query query : workload.queries()) {
            for (RepresentativeCalls.Call call : calls.of(query)) {
                try {
                    twin.explain(call.sql(), call.parameters()).nodes().forEach(node -> {
                        if (node.schema() != null && node.relation() != null) {
                            tables.add(Sql.identifier(node.schema(), node.relation()));
                            if (node.type().equals("ModifyTable")) {
                                written.add(Sql.identifier(node.schema(), node.relation()));
                                writing.add(query);
                            }
                        }
                    });
                } catch (PlanException e) {
                    // It will be said not to be measured.
                }
            }
        }
        // Keys are checked against the tables at their other end.
        Map<Long, String> names = new HashMap<>();
        snapshot.catalog().relations().forEach(relation -> names.put(relation.oid(), relation.qualifiedName()));
        for (Catalog.Constraint constraint : snapshot.catalog().constraints()) {
            String from = names.get(constraint.relation());
            String to = names.get(constraint.referenced());
            if (from != null && to != null) {
                if (written.contains(from)) {
                    tables.add(to);
                }
                if (written.contains(to)) {
                    tables.add(from);
                }
            }
        }
        return new Touched(tables, writing);
    }
}
