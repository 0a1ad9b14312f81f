package dev.hone.benchmarks.advisor;

import dev.hone.Progress;
import dev.hone.advise.Advice;
import dev.hone.advise.AdviceOptions;
import dev.hone.advise.CountedAdvice;
import dev.hone.postgres.Installation;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.twin.Twin;
import dev.hone.verify.Place;
import dev.hone.verify.Trial;
import dev.hone.verify.Verification;
import dev.hone.verify.VerifyOptions;
import dev.hone.workload.Workload;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * Verified advice for TPC-H without keys or indexes: what is kept when the recommended indexes and their runners-up are built
 * and measured. Prints a report in markdown.
 *
 * <p>As {@code hone advise --verify-on} does it.
 *
 * <p>Arguments: {@code --budget MB}, 672 if left out; {@code --minutes N} of measuring, 15 if left out.
 */
public final class VerifiedAdvice {

    private VerifiedAdvice() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        List<String> given = List.of(arguments);
        long budget = Math.round(number(given, "--budget", 672) * 1e6);
        Duration time = Duration.ofMinutes((long) number(given, "--minutes", 15));
        Workload workload = Tpch.workload();
        try (Cluster cluster = Tpch.open(Installation.local(15).orElseThrow())) {
            ServerAddress address = cluster.address(Tpch.DATABASE);
            AdviceOptions options = AdviceOptions.DEFAULT.withBudget(budget).withTimeLimit(Duration.ofSeconds(60));
            try (Server server = Server.connect(address)) {
                Snapshot snapshot = SnapshotReader.whole(List.of()).read(server, Progress.NONE);
                try (Twin twin = Twin.build(snapshot, Progress.NONE)) {
                    Advice advice = CountedAdvice.advise(
                            List.of(twin), snapshot, workload, options, server, false, Progress.NONE);
                    print(Trial.run(
                            twin,
                            snapshot,
                            null,
                            workload,
                            advice,
                            options,
                            new VerifyOptions(new Place.StagingCopy(address), time),
                            VerifiedAdvice::line));
                }
            }
        }
    }

    private static double number(List<String> given, String name, double otherwise) {
        int at = given.indexOf(name);
        return at < 0 ? otherwise : Double.parseDouble(given.get(at + 1));
    }

    private static Progress.Task line(String label, long total) {
        long start = System.nanoTime();
        System.err.println(label);
        return new Progress.Task() {
            @Override
            public void at(long done, String detail) {
                System.err.printf(
                        Locale.ROOT,
                        "  %6.1f s %s %d/%d %s%n",
                        (System.nanoTime() - start) / 1e9,
                        label,
                        done,
                        total,
                        detail);
            }

            @Override
            public void close() {
                System.err.printf(Locale.ROOT, "%s: %.1f s%n", label, (System.nanoTime() - start) / 1e9);
            }
        };
    }

    private static void print(Verification found) {
        System.out.printf(
                Locale.ROOT,
                "%nVerified at %s: estimated %.3f, measured (%s) %.3f of no index; %d plans measured, %s%n%n",
                found.where(),
                found.estimatedRatio(),
                found.unit(),
                found.measuredRatio(),
                found.plans(),
                found.complete() ? "complete" : "time ran out");
        System.out.println(
                "| query | before, ms | after, ms | estimated ratio | measured ratio (95 %) | |\n|---|---|---|---|---|---|");
        for (Verification.Query query : found.queries()) {
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %.0f | %.0f | %.2f | %.2f (%.2f – %.2f) | %s |%n",
                    query.id(),
                    query.beforeMillis(),
                    query.afterMillis(),
                    query.estimatedRatio(),
                    query.measuredRatio(),
                    query.interval().lower(),
                    query.interval().upper(),
                    query.samePlan() ? "same plan" : query.difference().words());
        }
        System.out.println("\n| kept | MB | queries | saves, ms |\n|---|---|---|---|");
        for (Verification.Kept kept : found.kept()) {
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %.1f | %s | %.0f |%n",
                    kept.index().statement(false),
                    kept.bytes() / 1e6,
                    String.join(", ", kept.queries()),
                    kept.missed());
        }
        for (Verification.Told told : found.told()) {
            System.out.printf(
                    Locale.ROOT,
                    "| %s (was %s) | 0 | %s | %.0f |%n",
                    told.change().sql().getFirst(),
                    told.now(),
                    String.join(", ", told.queries()),
                    told.missed());
        }
        System.out.printf(
                Locale.ROOT,
                "%nTogether %.1f MB.%n%n| rejected | MB | recommended | why |%n|---|---|---|---|%n",
                found.kept().stream().mapToLong(Verification.Kept::bytes).sum() / 1e6);
        for (Verification.Rejected rejected : found.rejected()) {
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %.1f | %s | %s |%n",
                    rejected.index().statement(false),
                    rejected.bytes() / 1e6,
                    rejected.recommended() ? "yes" : "",
                    rejected.reason());
        }
        found.notes().forEach(note -> System.out.println("\n" + note));
    }
}
