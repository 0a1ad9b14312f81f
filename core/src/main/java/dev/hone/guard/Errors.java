package dev.hone.guard;

import static dev.hone.guard.Figures.sum;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Errors and exhausted pools. Shares of errors are compared exactly: given how many errors there were in all, those that
 * fall after are binomial (Przyborowski and Wilenski, Biometrika 31, 1940).
 *
 * @param last whether this is the last look
 */
record Errors(List<Series> series, GuardOptions options, boolean last) {

    /** A share of errors below it is no reason to take anything back, where there was none before. */
    static final double FEWEST_ERRORS = 0.001;

    /** Errors of what uses something changed are reasons; of anything else, they may be anybody's. */
    void judge(List<String> reasons, List<String> notes) {
        long compared = series.stream()
                .mapToLong(one -> one.queries().keySet().stream()
                        .filter(id -> sum(one.after(), id, true) > 0)
                        .count())
                .sum();
        double chance =
                Judge.CONFIDENCE_LOST / Math.max(1, compared) / options.looks().size();
        for (Series one : series) {
            Shares control = control(one);
            for (Map.Entry<String, Series.Query> query : new TreeMap<>(one.queries()).entrySet()) {
                Shares shares = Shares.of(one, query.getKey());
                if (!rose(shares, 1, chance, last) || windows(one, query.getKey()) < Latency.CONSECUTIVE) {
                    continue;
                }
                String more = shares.text(query.getValue().text());
                // What may be anybody's, and is seen beside nothing untouched, must have risen too far for certain.
                boolean likelier = last && (query.getValue().role() == Role.TOUCHED || control.errors() > 0);
                if (!query.getValue().role().judged()) {
                    notes.add(more
                            + ". That is no reason to take the deployment back: nothing shows that it is its doing.");
                } else if (!rose(shares, control.rise(), chance, likelier)) {
                    notes.add(more + ". That is no reason to take the deployment back: "
                            + (control.rise() > 1
                                    ? "those of untouched queries rose as well."
                                    : "nothing untouched is there to compare it with, and it is not certain."));
                } else {
                    reasons.add(more
                            + String.format(Locale.ROOT, "; they may rise by %.0f %%", 100 * options.moreErrors()));
                }
            }
        }
    }

    /** Requests before and after, and how many of them failed. */
    private record Shares(long before, long after, long errorsBefore, long errorsAfter) {

        static Shares of(Series one, String id) {
            return new Shares(
                    sum(one.before(), id, false),
                    sum(one.after(), id, false),
                    sum(one.before(), id, true),
                    sum(one.after(), id, true));
        }

        Shares plus(Shares other) {
            return new Shares(
                    before + other.before,
                    after + other.after,
                    errorsBefore + other.errorsBefore,
                    errorsAfter + other.errorsAfter);
        }

        long errors() {
            return errorsBefore + errorsAfter;
        }

        /**
         * By how much the share of errors rose; 1 unless it rose for certain, for the few errors of untouched queries come
         * and go. Half an error more on both sides, lest it be infinite.
         */
        double rise() {
            boolean certain = before > 0
                    && after > 0
                    && Distributions.binomialTail(errorsAfter, errors(), (double) after / (after + before))
                            < Judge.CONFIDENCE_LOST;
            return certain ? Math.max(1, (errorsAfter + 0.5) / after / ((errorsBefore + 0.5) / before)) : 1;
        }

        String text(String what) {
            return String.format(
                    Locale.ROOT,
                    "%s: %.2f %% of requests fail, %.2f %% did before (%d of %d against %d of %d)",
                    what,
                    100.0 * errorsAfter / after,
                    100.0 * errorsBefore / before,
                    errorsAfter,
                    after,
                    errorsBefore,
                    before);
        }
    }

    /** What happened to untouched queries of the source, all together. */
    private static Shares control(Series one) {
        return one.queries().entrySet().stream()
                .filter(query -> query.getValue().role() == Role.CONTROL)
                .map(query -> Shares.of(one, query.getKey()))
                .reduce(new Shares(0, 0, 0, 0), Shares::plus);
    }

    private static long windows(Series one, String id) {
        return one.after().stream()
                .filter(window -> window.samples().stream()
                        .anyMatch(sample -> sample.query().equals(id) && sample.errors() > 0))
                .count();
    }

    /**
     * Whether errors rose, and further than they may.
     *
     * @param expected by how much they would have risen anyway
     * @param likelier whether it is enough that they certainly rose, and by more than they may as it seems
     */
    private boolean rose(Shares shares, double expected, double chance, boolean likelier) {
        if (shares.before == 0 || shares.after == 0 || shares.errorsAfter == 0) {
            return false;
        }
        double limit = (1 + options.moreErrors()) * expected;
        double shareBefore = (double) shares.errorsBefore / shares.before;
        double shareAfter = (double) shares.errorsAfter / shares.after;
        if (shareAfter <= limit * shareBefore || (shares.errorsBefore == 0 && shareAfter < FEWEST_ERRORS)) {
            return false;
        }
        double borne = likelier ? expected : limit;
        return Distributions.binomialTail(
                        shares.errorsAfter,
                        shares.errors(),
                        borne * shares.after / (borne * shares.after + shares.before))
                < chance;
    }

    /** Pools that are exhausted now and were not before. */
    List<String> pools() {
        List<String> reasons = new ArrayList<>();
        for (Series one : series) {
            long before = one.before().stream().filter(Errors::exhausted).count();
            int run = 0;
            for (Window window : one.after()) {
                run = exhausted(window) ? run + 1 : 0;
                Window.Pool pool = window.pool();
                if (run >= Latency.CONSECUTIVE
                        && pool != null
                        && 2 * before < one.before().size()) {
                    reasons.add(one.source() + ": connections are exhausted: " + pool.active() + " of " + pool.size()
                            + " in use" + (pool.waiting() == null ? "" : ", " + pool.waiting() + " wait"));
                    break;
                }
            }
        }
        return reasons;
    }

    private static boolean exhausted(Window window) {
        return window.pool() != null && window.pool().exhausted();
    }
}
