package dev.hone;

import java.util.Set;

/**
 * Where long work reports how far it is. Implementations draw a bar, print lines or do nothing; they must be safe to
 * call from several threads.
 */
public interface Progress {

    /** Reports nothing. */
    Progress NONE = (label, total) -> (done, detail) -> {};

    /**
     * Begins a task.
     *
     * @param label what is being done, in a few words: "Building the twin"
     * @param total how many steps it has, or -1 when that is not known
     */
    Task begin(String label, long total);

    /** One piece of long work; closing it says that it is done. */
    @FunctionalInterface
    interface Task extends AutoCloseable {

        /**
         * Reports how far the task is.
         *
         * @param done steps done so far, from 0 to the task's total
         * @param detail what is being done right now, possibly empty
         */
        void at(long done, String detail);

        /**
         * Reports the same when the work waits for others, which whoever watches may want to know at once.
         *
         * @param blockers tells those whom it waits for from others
         */
        default void waiting(long done, String detail, Set<Integer> blockers) {
            at(done, detail);
        }

        @Override
        default void close() {}
    }
}
