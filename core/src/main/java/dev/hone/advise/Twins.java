package dev.hone.advise;

import dev.hone.HoneException;
import dev.hone.change.CreateIndex;
import dev.hone.twin.HypotheticalIndex;
import dev.hone.twin.Twin;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Twins of one database that share the work: each has all hypothetical indexes, and plans what comes next. What they
 * give does not depend on how many they are, nor on which was faster. To be used by one thread at a time.
 */
final class Twins implements AutoCloseable {

    /** What is done on one twin. */
    @FunctionalInterface
    interface Work<R> {
        R on(Twin twin, IntFunction<HypotheticalIndex> indexes);
    }

    private final List<Twin> twins;
    private final ExecutorService threads;

    /** Of each twin, its hypothetical indexes under the numbers they have in all. */
    private final List<Map<Integer, HypotheticalIndex>> indexes = new ArrayList<>();

    private int created;

    Twins(List<Twin> twins) {
        if (twins.isEmpty()) {
            throw new IllegalArgumentException("no twin");
        }
        this.twins = List.copyOf(twins);
        twins.forEach(twin -> indexes.add(new HashMap<>()));
        threads = Executors.newFixedThreadPool(twins.size(), task -> {
            Thread thread = new Thread(task, "hone-twin");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** The one for what is done but once. */
    Twin first() {
        return twins.getFirst();
    }

    /** Installs an extension in all of them; false if it cannot be had. */
    boolean install(String extension) {
        return twins.stream().allMatch(twin -> twin.install(extension));
    }

    /**
     * Creates indexes in all twins, under the numbers that follow those of the ones created before.
     *
     * @param stop asked before each, by its place in the list
     * @param failed told of those that cannot be, by their place in the list
     * @return for each the first twin's, null where there is none; shorter if it was stopped
     */
    List<@Nullable HypotheticalIndex> create(
            List<CreateIndex> wanted, IntPredicate stop, ObjIntConsumer<HoneException> failed) {
        List<@Nullable HypotheticalIndex> all = new ArrayList<>();
        // The first decides which there can be, and when to stop; the others follow on its heels.
        List<CompletableFuture<Boolean>> decided = new ArrayList<>();
        wanted.forEach(one -> decided.add(new CompletableFuture<>()));
        List<Callable<Boolean>> work = new ArrayList<>();
        for (int t = 1; t < twins.size(); t++) {
            Twin twin = twins.get(t);
            Map<Integer, HypotheticalIndex> own = indexes.get(t);
            int number = created;
            work.add(() -> {
                follow(wanted, decided, twin, number, own);
                return true;
            });
        }
        work.add(() -> {
            try {
                for (int i = 0; i < wanted.size() && !stop.test(i); i++) {
                    try {
                        HypotheticalIndex index = first().create(wanted.get(i));
                        indexes.getFirst().put(created++, index);
                        all.add(index);
                        decided.get(i).complete(true);
                    } catch (HoneException e) {
                        failed.accept(e, i);
                        all.add(null);
                        decided.get(i).complete(false);
                    }
                }
            } finally {
                decided.forEach(one -> one.complete(false));
            }
            return true;
        });
        all(work);
        return all;
    }

    private static void follow(
            List<CreateIndex> wanted,
            List<CompletableFuture<Boolean>> decided,
            Twin twin,
            int before,
            Map<Integer, HypotheticalIndex> own) {
        int number = before;
        for (int i = 0; i < wanted.size(); i++) {
            if (decided.get(i).join()) {
                own.put(number++, twin.create(wanted.get(i)));
            }
        }
    }

    /**
     * Does work on whichever twin is free.
     *
     * @return the results in the order of the work; shorter if it was stopped
     */
    <R> List<R> run(List<Work<R>> work, BooleanSupplier stop) {
        List<@Nullable R> results = new ArrayList<>();
        work.forEach(one -> results.add(null));
        AtomicInteger next = new AtomicInteger();
        List<Callable<Boolean>> workers = new ArrayList<>();
        for (int t = 0; t < Math.min(twins.size(), work.size()); t++) {
            Twin twin = twins.get(t);
            Map<Integer, HypotheticalIndex> own = indexes.get(t);
            workers.add(() -> {
                for (int i = next.getAndIncrement();
                        i < work.size() && !stop.getAsBoolean();
                        i = next.getAndIncrement()) {
                    R result = work.get(i).on(twin, own::get);
                    synchronized (results) {
                        results.set(i, result);
                    }
                }
                return true;
            });
        }
        all(workers);
        List<R> done = new ArrayList<>();
        for (R result : results) {
            if (result == null) {
                break;
            }
            done.add(result);
        }
        return done;
    }

    /** Shows and hides an index of the source in all of them. */
    void hideExisting(String schema, String index, boolean hide) {
        twins.forEach(twin -> twin.hideExisting(schema, index, hide));
    }

    /** Hides all hypothetical indexes. */
    void showNone() {
        twins.forEach(twin -> twin.show(List.of()));
    }

    private void all(List<Callable<Boolean>> work) {
        try {
            if (work.size() == 1) {
                work.getFirst().call();
                return;
            }
            for (Future<Boolean> one : threads.invokeAll(work)) {
                one.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw HoneException.failed("interrupted", "The database is unchanged.", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new CompletionException(e.getCause());
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new CompletionException(e);
        }
    }

    /** Drops all that was created; the twins themselves stay. */
    @Override
    public void close() {
        List<Callable<Boolean>> work = new ArrayList<>();
        for (int t = 0; t < twins.size(); t++) {
            Twin twin = twins.get(t);
            Collection<HypotheticalIndex> own = indexes.get(t).values();
            work.add(() -> {
                own.forEach(twin::drop);
                return true;
            });
        }
        try {
            all(work);
        } finally {
            threads.shutdownNow();
        }
    }
}
