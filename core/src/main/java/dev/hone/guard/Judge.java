package dev.hone.guard;

import dev.hone.guard.GuardReport.Change;
import dev.hone.guard.GuardReport.Row;
import dev.hone.guard.GuardReport.Verdict;
import dev.hone.measure.Interval;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Decides by what was seen before and after. Stateless.
 *
 * <p>One guard makes many comparisons: of every query, and at every look; by Bonferroni's inequality each gets its part of
 * 5 %, so that all intervals hold together with 95 %.
 */
final class Judge {

    static final double CONFIDENCE_LOST = 0.05;

    /** So much of the time, or of the promised gain, must be decided before it is called decided. */
    private static final double MOST = 0.8;

    /** An improvement that a comparison must be able to exclude before it is said that there is none. */
    private static final double WORTH_HAVING = 0.3;

    private final List<Series> series;
    private final List<Promise> promises;
    private final GuardOptions options;
    private final boolean last;

    private Judge(List<Series> series, List<Promise> promises, GuardOptions options, boolean last) {
        this.series = series;
        this.promises = promises;
        this.options = options;
        this.last = last;
    }

    /**
     * Judges.
     *
     * @param last whether this is the last look: then what is not certain is decided by what is likelier, and what was
     *     promised is asked for
     */
    static GuardReport judge(List<Series> series, List<Promise> promises, GuardOptions options, boolean last) {
        return new Judge(series, promises, options, last).judge();
    }

    private GuardReport judge() {
        List<Latency> all = Latency.of(series);
        long judged = all.stream().filter(Latency::judged).count();
        double chance = CONFIDENCE_LOST / Math.max(1, judged) / options.looks().size();
        List<String> reasons = new ArrayList<>();
        List<Row> rows = new ArrayList<>();
        Map<String, Boolean> worthwhile = new HashMap<>();
        for (Latency one : all) {
            boolean excusable =
                    paying(one) && worthwhile.computeIfAbsent(one.source(), source -> savesTime(source, all));
            Row row = one.row(options, last, chance, excusable);
            rows.add(row);
            if (row.change() == Change.SLOWER) {
                reasons.add(slower(row));
            }
        }
        List<Row> silent = series.stream().flatMap(Latency::silent).toList();
        rows.addAll(silent);
        List<String> notes = new ArrayList<>(uncontrolled(all));
        Errors errors = new Errors(series, options, last);
        errors.judge(reasons, notes);
        reasons.addAll(errors.pools());
        for (Row row : silent) {
            notes.add(row.text() + ": had " + row.requestsBefore()
                    + " calls before and none since: it may not finish any more.");
        }
        Verdict verdict = reasons.isEmpty() && last ? conclude(rows, reasons, notes) : Verdict.INCONCLUSIVE;
        if (verdict == Verdict.KEPT && !silent.isEmpty()) {
            verdict = Verdict.INCONCLUSIVE;
        }
        rows.sort(Comparator.comparing((Row row) -> row.change() == Change.CONTROL)
                .thenComparing(row -> row.interval() == null)
                .thenComparingDouble(row -> row.ratio() == null ? Double.NEGATIVE_INFINITY : -row.ratio()));
        return new GuardReport(
                reasons.isEmpty() ? verdict : Verdict.ROLLED_BACK,
                reasons,
                notes,
                rows,
                series.stream().mapToInt(one -> one.before().size()).max().orElse(0),
                series.stream().mapToInt(one -> one.after().size()).max().orElse(0));
    }

    private Verdict conclude(List<Row> rows, List<String> reasons, List<String> notes) {
        List<Row> touched =
                rows.stream().filter(row -> row.role() == Role.TOUCHED).toList();
        double all = time(touched.stream());
        double decided = time(touched.stream()
                .filter(row -> row.change() == Change.FASTER
                        || row.change() == Change.WITHIN
                        || row.change() == Change.ANNOUNCED));
        boolean enough = all > 0 && decided >= MOST * all;
        if (touched.isEmpty()) {
            notes.add("No query that uses what was changed was seen both before and after.");
        } else if (!enough) {
            notes.add(String.format(
                    Locale.ROOT,
                    "Too few requests, or too uneven ones, to tell: only %.0f %% of the time of the queries that use what"
                            + " was changed could be judged. Watch longer, or add a probe (--probe).",
                    all > 0 ? 100 * decided / all : 0));
        }
        boolean kept = true;
        double promised = promises.stream()
                .filter(Promise::gains)
                .mapToDouble(Promise::gain)
                .sum();
        if (promised > 0) {
            double missed = 0;
            boolean helped = false;
            for (Promise promise : promises) {
                List<Row> seen = rows.stream()
                        .filter(row -> promise.gains() && concerns(promise, row))
                        .toList();
                helped |= seen.stream().anyMatch(row -> row.change() == Change.FASTER);
                if (!seen.isEmpty() && seen.stream().allMatch(Judge::excludesGain)) {
                    missed += promise.gain();
                }
            }
            if (!helped && missed >= MOST * promised) {
                reasons.add("no benefit: none of the queries that it was meant to help got measurably faster");
            } else if (!helped) {
                kept = false;
                notes.add(
                        "Whether the queries that it was meant to help got faster cannot be told: they were called too"
                                + " seldom, or not at all.");
            }
        }
        return enough && kept ? Verdict.KEPT : Verdict.INCONCLUSIVE;
    }

    private static boolean excludesGain(Row row) {
        Interval interval = row.interval();
        return interval != null && row.change() != Change.FASTER && interval.lower() > 1 - WORTH_HAVING;
    }

    private static double time(Stream<Row> rows) {
        return rows.mapToDouble(row -> row.requestsBefore() * row.before()).sum();
    }

    /** A statement of several in a request is told apart by its number: "bets of a user #2". */
    private static boolean concerns(Promise promise, Row row) {
        return promise.query().equals(row.query())
                || promise.sql().equalsIgnoreCase(row.text())
                || promise.query().replaceFirst(" #[0-9]+$", "").equals(row.query());
    }

    private boolean paying(Latency one) {
        return promises.stream()
                .anyMatch(promise -> !promise.gains()
                        && (promise.query().equals(one.id()) || promise.sql().equalsIgnoreCase(one.text())));
    }

    /** Whether the queries of a source took less time in all than they would have taken before. */
    private static boolean savesTime(String source, List<Latency> all) {
        double saved = 0;
        for (Latency one : all) {
            if (one.source().equals(source) && one.role() != Role.CONTROL && one.comparable()) {
                saved += one.saved();
            }
        }
        return saved > 0;
    }

    private String slower(Row row) {
        Interval interval = Objects.requireNonNull(row.interval());
        return String.format(
                Locale.ROOT,
                "%s: %s %.3g → %.3g ms, %.2f× as long as before%s (%.2f–%.2f); the limit is %.2f×",
                row.text(),
                row.figure(),
                row.before(),
                row.after(),
                row.ratio(),
                row.load() == 1 ? "" : " and as untouched queries",
                interval.lower(),
                interval.upper(),
                1 + options.slower());
    }

    private List<String> uncontrolled(List<Latency> all) {
        List<String> notes = new ArrayList<>();
        for (Series one : series) {
            boolean any = all.stream().anyMatch(compared -> compared.of(one) && compared.judged());
            boolean control = all.stream().anyMatch(compared -> compared.of(one) && compared.controlled());
            if (any && !control) {
                notes.add(one.source()
                        + ": no untouched query was seen throughout, so that a change of the load cannot be"
                        + " told from the deployment's doing.");
            }
        }
        return notes;
    }
}
