package dev.hone.guard;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.change.Change;
import dev.hone.change.DeployOptions;
import dev.hone.change.Deployer;
import dev.hone.change.DeploymentPlan;
import dev.hone.change.DeploymentRecord;
import dev.hone.change.DeploymentResult;
import dev.hone.change.GuardNote;
import dev.hone.change.PreCheck;
import dev.hone.change.StepState;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * Applies changes under guard: looks before, applies, watches afterwards, and takes the deployment back by itself if
 * something got worse. A guard that was ended while it watched goes on when it is called again with the same changes: what
 * it saw before is in the journal. For one thread.
 */
public final class Guarding {

    private static final int TICKS = 5;
    private static final Duration OLD = Duration.ofHours(1);

    private final ServerAddress address;
    private final List<Change> changes;
    private final List<Promise> promises;
    private final DeployOptions deployOptions;
    private final GuardOptions options;
    private final List<Evidence> sources;
    private final Progress progress;
    private final Consumer<DeploymentPlan> beforehand;
    private final List<String> notes = new ArrayList<>();

    private Guarding(
            ServerAddress address,
            List<Change> changes,
            List<Promise> promises,
            DeployOptions deployOptions,
            GuardOptions options,
            List<Evidence> sources,
            Progress progress,
            Consumer<DeploymentPlan> beforehand) {
        this.address = address;
        this.changes = List.copyOf(changes);
        this.promises = List.copyOf(promises);
        this.deployOptions = deployOptions;
        this.options = options;
        this.sources = List.copyOf(sources);
        this.progress = progress;
        this.beforehand = beforehand;
    }

    /**
     * Applies under guard, or goes on guarding what an earlier run applied.
     *
     * @param promises what the changes are meant to do to queries; none if nothing was promised, so that nothing is asked
     *     for
     * @param sources at least one
     * @param beforehand as {@link Deployer#apply} does, is given what was planned before anything is changed
     * @return what was done, kept or taken back
     * @throws HoneException as {@link Deployer#apply}; and of kind {@code REFUSED} if a change cannot be taken back, or
     *     if the time before is gone
     */
    public static GuardResult apply(
            ServerAddress address,
            List<Change> changes,
            List<Promise> promises,
            DeployOptions deployOptions,
            GuardOptions options,
            List<Evidence> sources,
            Progress progress,
            Consumer<DeploymentPlan> beforehand) {
        if (sources.isEmpty()) {
            throw HoneException.usage("There is nothing to guard by", "Nothing was changed. Give a source.");
        }
        return new Guarding(address, changes, promises, deployOptions, options, sources, progress, beforehand).apply();
    }

    private GuardResult apply() {
        refuseIrreversible();
        DeploymentRecord earlier = Deployer.last(address, changes).orElse(null);
        if (earlier != null && earlier.rollingBack()) {
            return finish(earlier);
        }
        if (earlier != null && earlier.unguarded()) {
            Baseline before = Baseline.of(earlier.guard()).orElseThrow(() -> noBefore(earlier));
            if (before.from().isBefore(Instant.now().minus(OLD))) {
                notes.add("The time before was looked at from " + before.from()
                        + " on: the load of another hour is compared, less what untouched queries tell of it.");
            }
            return watch(null, earlier.id(), before);
        }
        Baseline before = earlier != null && earlier.unfinished() ? resumed(earlier) : look();
        DeploymentResult result = Deployer.apply(address, changes, deployOptions, progress, before.note(), beforehand);
        if (!result.complete()) {
            return new GuardResult(result, null, null, result.next());
        }
        if (result.steps().stream().allMatch(step -> step.state() == StepState.ALREADY)) {
            Deployer.guarded(
                    address,
                    result.deployment(),
                    before.note().ended(GuardNote.State.KEPT, "all was there before: nothing to guard"));
            return new GuardResult(result, null, null, "All was there before: there is nothing to guard.");
        }
        return watch(result, result.deployment(), before);
    }

    private void refuseIrreversible() {
        for (int i = 0; i < changes.size(); i++) {
            String why = changes.get(i).irreversible();
            if (!why.isEmpty()) {
                throw HoneException.refused(
                        "Step " + (i + 1) + " (" + changes.get(i).title()
                                + ") cannot be taken back, so that no guard could: " + why,
                        "Nothing was changed. Apply it without --guard.");
            }
        }
    }

    private static Baseline resumed(DeploymentRecord earlier) {
        return Baseline.of(earlier.guard()).orElseThrow(() -> noBefore(earlier));
    }

    private static HoneException noBefore(DeploymentRecord earlier) {
        return HoneException.refused(
                "Deployment " + earlier.id() + " of the same changes was begun without a guard: nobody knows how it was"
                        + " before",
                "Nothing was changed. Finish it without --guard, or take it back (hone undo " + earlier.id()
                        + ") and begin again with --guard.");
    }

    // Before

    private Baseline look() {
        DeploymentPlan plan = Deployer.plan(address, changes, deployOptions);
        for (PreCheck check : plan.checks()) {
            if (check.level() == PreCheck.Level.REFUSED) {
                throw HoneException.refused(check.message(), "Nothing was changed. " + check.advice());
            }
        }
        for (DeploymentPlan.Step step : plan.steps()) {
            if (!step.ready()) {
                throw HoneException.refused(
                        "step " + step.number() + " (" + step.change().title() + "): " + step.note(),
                        "Nothing was changed. Correct the proposal and apply it again.");
            }
        }
        Touches touches;
        try (Server server = Server.connect(address)) {
            touches = Touches.of(server, changes);
        }
        Instant from = Instant.now();
        List<Series> series = new ArrayList<>();
        Watchers watchers = new Watchers(touches);
        try (Progress.Task task = progress.begin("Looking at the time before", options.windowsBefore())) {
            List<List<Window>> windows = watchers.lists();
            for (int i = 0; i < options.windowsBefore(); i++) {
                List<@Nullable Window> seen = watchers.window(options.window(), task, i, "");
                for (int source = 0; source < seen.size(); source++) {
                    Window window = seen.get(source);
                    if (window == null) {
                        // Nothing is changed yet, so that it is not too late to say it.
                        throw watchers.failure(source);
                    }
                    windows.get(source).add(window);
                }
                watchers.refuseBlind();
            }
            task.at(options.windowsBefore(), "");
            for (int source = 0; source < windows.size(); source++) {
                series.add(new Series(
                        sources.get(source).name(), watchers.queries(source), windows.get(source), List.of()));
            }
        } finally {
            watchers.close();
        }
        return new Baseline(from, options.window().toMillis(), touches, series);
    }

    // After

    private GuardResult watch(@Nullable DeploymentResult applied, String id, Baseline before) {
        GuardReport report = watch(before);
        GuardNote note = before.note();
        return switch (report.verdict()) {
            case KEPT ->
                left(
                        applied,
                        id,
                        report,
                        note.ended(
                                GuardNote.State.KEPT,
                                "kept: nothing got worse in " + report.windowsAfter() + " windows of "
                                        + before.windowMillis() + " ms"));
            case INCONCLUSIVE ->
                left(
                        applied,
                        id,
                        report,
                        note.ended(
                                GuardNote.State.INCONCLUSIVE, "left, undecided: " + String.join(" ", report.notes())));
            case ROLLED_BACK -> {
                String reasons = String.join("; ", report.reasons());
                DeploymentResult undone = undo(id, note.rollingBack(reasons), true);
                yield new GuardResult(applied, report, undone, undone.next());
            }
        };
    }

    private GuardResult left(@Nullable DeploymentResult applied, String id, GuardReport report, GuardNote note) {
        Deployer.guarded(address, id, note);
        return new GuardResult(
                applied, report, null, applied != null ? applied.next() : "To take it back: hone undo " + id + ".");
    }

    /** Takes back what an earlier guard had decided against when it was ended, and applies nothing. */
    private GuardResult finish(DeploymentRecord earlier) {
        GuardNote note = Objects.requireNonNull(earlier.guard());
        DeploymentResult undone = undo(earlier.id(), note, false);
        return new GuardResult(
                null,
                null,
                undone,
                "An earlier guard of the same changes was ended before it had taken them back. It had found: "
                        + note.summary() + ". Nothing was applied now. " + undone.next());
    }

    /** What is decided is written down first: a Hone that is killed meanwhile must not be followed by one that applies anew. */
    private DeploymentResult undo(String id, GuardNote note, boolean unwritten) {
        try {
            if (unwritten) {
                Deployer.guarded(address, id, note);
            }
            return Deployer.undo(address, id, deployOptions, progress);
        } catch (HoneException | JdbiException e) {
            throw HoneException.failed(
                    "Deployment " + id + " is " + note.summary() + "; and could not be: " + e.getMessage(),
                    "What it made is still there. Take it back when that is possible: hone undo " + id
                            + ", or run the same command again.",
                    e);
        }
    }

    private GuardReport watch(Baseline before) {
        int windowsBefore = before.series().stream()
                .mapToInt(one -> one.before().size())
                .max()
                .orElse(0);
        // A guard that goes on keeps the windows of the one that began.
        GuardOptions sameWindows = new GuardOptions(
                before.window(),
                before.window().multipliedBy(Math.max(GuardOptions.LEAST_WINDOWS, windowsBefore)),
                options.after(),
                options.slower(),
                options.moreErrors());
        Watchers watchers = new Watchers(before.touches());
        int total = sameWindows.windowsAfter();
        try (Progress.Task task = progress.begin("Watching", total + 1)) {
            // Plans are made anew and caches fill: the first window is nobody's fault.
            watchers.window(before.window(), task, 0, "settling");
            List<List<Window>> windows = watchers.lists();
            GuardReport report = null;
            for (int i = 1; i <= total; i++) {
                List<@Nullable Window> seen =
                        watchers.window(before.window(), task, i, report == null ? "" : worst(report));
                for (int source = 0; source < seen.size(); source++) {
                    Window window = seen.get(source);
                    if (window != null) {
                        windows.get(source).add(window);
                    }
                }
                if (sameWindows.looks().contains(i)) {
                    report = Judge.judge(series(before, windows, watchers), promises, sameWindows, i == total);
                    if (report.verdict() == GuardReport.Verdict.ROLLED_BACK) {
                        break;
                    }
                }
            }
            task.at(total + 1L, "");
            return with(Objects.requireNonNull(report), watchers.notes());
        } finally {
            watchers.close();
        }
    }

    private List<Series> series(Baseline before, List<List<Window>> windows, Watchers watchers) {
        List<Series> series = new ArrayList<>();
        for (Series known : before.series()) {
            Optional<Integer> source = watchers.find(known.source());
            if (source.isPresent()) {
                series.add(known.withAfter(windows.get(source.get())));
            }
        }
        return series;
    }

    private GuardReport with(GuardReport report, List<String> more) {
        List<String> all = new ArrayList<>(notes);
        all.addAll(more);
        all.addAll(report.notes());
        return new GuardReport(
                report.verdict(), report.reasons(), all, report.rows(), report.windowsBefore(), report.windowsAfter());
    }

    private static String worst(GuardReport report) {
        return report.rows().stream()
                .filter(row -> row.interval() != null && row.change() != GuardReport.Change.CONTROL)
                .map(GuardReport.Row::ratio)
                .filter(Objects::nonNull)
                .findFirst()
                .map(ratio -> String.format(Locale.ROOT, "slowest %.2f× of before", ratio))
                .orElse("too few requests yet");
    }

    /** The sources in use. One that fails is blind for that window. */
    private final class Watchers {
        private final List<Evidence.Watcher> open = new ArrayList<>();
        private final Map<Integer, HoneException> failures = new HashMap<>();
        private final Set<Integer> failedNow = new HashSet<>();

        Watchers(Touches touches) {
            for (Evidence source : sources) {
                open.add(source.open(touches));
            }
        }

        List<List<Window>> lists() {
            List<List<Window>> lists = new ArrayList<>();
            open.forEach(one -> lists.add(new ArrayList<>()));
            return lists;
        }

        /** One window of every source; null for one that failed. */
        List<@Nullable Window> window(Duration length, Progress.Task task, int at, String detail) {
            failedNow.clear();
            each(watcher -> watcher.begin(length));
            for (int tick = 1; tick <= TICKS; tick++) {
                pause(length.dividedBy(TICKS));
                task.at(at, detail);
                if (tick < TICKS) {
                    each(Evidence.Watcher::tick);
                }
            }
            List<@Nullable Window> seen = new ArrayList<>();
            for (int i = 0; i < open.size(); i++) {
                seen.add(null);
            }
            for (int i = 0; i < open.size(); i++) {
                int source = i;
                only(i, watcher -> seen.set(source, watcher.end()));
            }
            return seen;
        }

        private void each(Consumer<Evidence.Watcher> what) {
            for (int i = 0; i < open.size(); i++) {
                only(i, what);
            }
        }

        private void only(int source, Consumer<Evidence.Watcher> what) {
            if (!failedNow.contains(source)) {
                try {
                    what.accept(open.get(source));
                } catch (HoneException e) {
                    failedNow.add(source);
                    failures.put(source, e);
                } catch (JdbiException e) {
                    failedNow.add(source);
                    failures.put(
                            source,
                            HoneException.failed(
                                    sources.get(source).name() + " cannot be read: " + e.getMessage(),
                                    "See that the server can be reached.",
                                    e));
                }
            }
        }

        HoneException failure(int source) {
            return Objects.requireNonNull(failures.get(source));
        }

        /** Nobody should wait for a guard that sees nothing. */
        void refuseBlind() {
            if (open.stream().noneMatch(one -> one.note().isEmpty())) {
                throw HoneException.usage(
                        "There is nothing to guard by. " + open.getFirst().note(),
                        "Nothing was changed. Cure that, or give another source: --probe WORKLOAD, --latency URL.");
            }
        }

        Map<String, Series.Query> queries(int source) {
            return open.get(source).queries();
        }

        Optional<Integer> find(String name) {
            for (int i = 0; i < sources.size(); i++) {
                if (sources.get(i).name().equals(name)) {
                    return Optional.of(i);
                }
            }
            return Optional.empty();
        }

        List<String> notes() {
            List<String> found = new ArrayList<>();
            failures.values()
                    .forEach(failure -> found.add("At times a source was blind: " + failure.getMessage() + "."));
            open.stream()
                    .map(Evidence.Watcher::note)
                    .filter(note -> !note.isEmpty())
                    .forEach(found::add);
            return found;
        }

        void close() {
            open.forEach(Evidence.Watcher::close);
        }

        private static void pause(Duration duration) {
            try {
                Thread.sleep(duration);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw HoneException.failed(
                        "The guard was interrupted",
                        "What is applied stays, unguarded. Run the same command again: it goes on watching; or hone undo.",
                        e);
            }
        }
    }
}
