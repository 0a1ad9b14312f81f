package dev.hone.cli;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.advise.Advice;
import dev.hone.advise.AdviceOptions;
import dev.hone.advise.CountedAdvice;
import dev.hone.advise.FindingAdvice;
import dev.hone.advise.Hints;
import dev.hone.advise.IndexAdvisor;
import dev.hone.advise.Proposal;
import dev.hone.check.Diagnosis;
import dev.hone.check.Finding;
import dev.hone.check.Severity;
import dev.hone.postgres.BlindSpot;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.twin.KeyCounter;
import dev.hone.twin.Reach;
import dev.hone.twin.Twin;
import dev.hone.workload.PgStatStatements;
import dev.hone.workload.SampleValues;
import dev.hone.workload.Script;
import dev.hone.workload.Workload;
import dev.hone.workload.WorkloadEvidence;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** From a Snapshot, its diagnosis and a workload to a Proposal: plans on the twin where there can be one. */
final class Advising {

    /** More statements than that matter to nobody, and each costs plans. */
    static final int MOST_STATEMENTS = 500;

    private static final int FEW_QUERIES = 10;
    private static final int MOST_TWINS = 4;

    private static final Duration SAMPLE_TIMEOUT = Duration.ofSeconds(30);

    /**
     * A workload, or why there is none.
     *
     * @param count where values may be counted, to find wrong estimates; null for nowhere
     */
    record Learnt(
            @Nullable Workload workload,
            List<String> notes,
            @Nullable Count count) {

        Learnt(@Nullable Workload workload, List<String> notes) {
            this(workload, notes, null);
        }

        Learnt {
            notes = List.copyOf(notes);
        }

        /** What pg_stat_statements counted. */
        static Learnt from(Server server) {
            try {
                PgStatStatements.Reading reading = PgStatStatements.read(server, MOST_STATEMENTS);
                return new Learnt(
                        reading.workload(),
                        reading.blindSpots().stream()
                                .map(blind -> "Blind: " + blind.what() + " " + blind.cure())
                                .toList());
            } catch (HoneException e) {
                return new Learnt(null, List.of(e.getMessage() + ". " + e.advice()));
            }
        }

        /** The workload that a Snapshot was taken with. */
        static Learnt from(Snapshot snapshot) {
            return WorkloadEvidence.of(snapshot)
                    .map(workload -> new Learnt(workload, List.of()))
                    .orElseGet(() -> new Learnt(
                            null,
                            List.of("The snapshot holds no workload: give one by --workload FILE. "
                                    + WorkloadEvidence.reason(snapshot)
                                            .map(reason -> "When it was taken: " + reason)
                                            .orElse("It was taken without one."))));
        }

        /** The same, with something more to know. */
        Learnt withNote(String note) {
            List<String> more = new ArrayList<>(notes);
            more.add(note);
            return new Learnt(workload, more, count);
        }

        /** The same, with leave to count values. */
        Learnt counting(Count where) {
            return new Learnt(workload, notes, where);
        }

        /** The workload of a script, its parameters sampled from the server. */
        static Learnt from(Server server, Script script) {
            return new Learnt(script.workload(SampleValues.read(server, script, SAMPLE_TIMEOUT)), List.of());
        }
    }

    /**
     * Leave to count values.
     *
     * @param thorough whether to count more than what a few pages tell
     */
    record Count(Server server, boolean thorough) {}

    private Advising() {}

    /** Works the Proposal out, and leaves it at that. */
    static Proposal propose(
            Snapshot snapshot,
            @Nullable String address,
            Diagnosis diagnosis,
            Learnt learnt,
            AdviceOptions options,
            Progress progress) {
        return propose(snapshot, address, diagnosis, learnt, options, Trying.NOT, progress);
    }

    /**
     * Works the Proposal out.
     *
     * @param address of the database, without a password; null if the Snapshot came from a file
     * @param trying what becomes of the planned advice before it is proposed
     */
    static Proposal propose(
            Snapshot snapshot,
            @Nullable String address,
            Diagnosis diagnosis,
            Learnt learnt,
            AdviceOptions options,
            Trying trying,
            Progress progress) {
        Advice advice = planned(snapshot, learnt, options, trying, progress);
        for (String note : learnt.notes()) {
            advice = advice.withNote(note);
        }
        for (BlindSpot blind : snapshot.blindSpots()) {
            advice = advice.withNote("Blind: " + blind.what() + " " + blind.cure());
        }
        // What is merely worth knowing is no reason to change a production database.
        List<Finding> grave = diagnosis.findings().stream()
                .filter(finding -> finding.severity().compareTo(Severity.WARNING) >= 0)
                .toList();
        Workload workload = learnt.workload();
        return FindingAdvice.merge(advice, grave)
                .proposal(
                        snapshot,
                        address,
                        workload == null ? "no workload" : workload.source(),
                        Clock.systemUTC().instant().truncatedTo(ChronoUnit.SECONDS));
    }

    /** What is done with advice while its twin is still there. */
    @FunctionalInterface
    interface Trying {

        /** Takes advice as it is. */
        Trying NOT = (twin, snapshot, workload, advice) -> advice;

        Advice tried(Twin twin, Snapshot snapshot, Workload workload, Advice advice);
    }

    private static Advice planned(
            Snapshot snapshot, Learnt learnt, AdviceOptions options, Trying trying, Progress progress) {
        Workload workload = learnt.workload();
        if (workload == null) {
            return Advice.withoutPlans("Without a workload only the findings of `hone check` lead to changes.");
        }
        List<Twin> built;
        try {
            built = Twin.build(snapshot, twins(workload), progress);
        } catch (HoneException e) {
            if (e.kind() != HoneException.Kind.REFUSED) {
                throw e;
            }
            return Advice.withoutPlans(e.getMessage() + ". Only the findings of `hone check` lead to changes here.");
        }
        try {
            Twin twin = built.getFirst();
            Count count = learnt.count();
            if (count != null) {
                KeyCounter counter = new KeyCounter(count.server());
                built.forEach(one -> one.countKeys(counter));
            }
            Advice advice = count == null
                    ? IndexAdvisor.advise(built, snapshot, workload, options, progress)
                    : CountedAdvice.advise(
                            built, snapshot, workload, options, count.server(), count.thorough(), progress);
            advice = advice.withHints(Hints.of(twin, snapshot, workload, advice.recommendations()));
            advice = trying.tried(twin, snapshot, workload, advice);
            for (String note : OmissionNotes.of(Reach.of(twin, workload))) {
                advice = advice.withNote(note);
            }
            return advice;
        } finally {
            built.forEach(Twin::close);
        }
    }

    /** On how many twins to plan: another costs about a second to build, which a few queries do not win back. */
    private static int twins(Workload workload) {
        return workload.queries().size() <= FEW_QUERIES
                ? 1
                : Math.clamp(Runtime.getRuntime().availableProcessors(), 1, MOST_TWINS);
    }
}
