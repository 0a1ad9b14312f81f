package dev.hone.verify;

import dev.hone.Progress;
import dev.hone.change.CreateIndex;
import java.sql.SQLException;
import java.util.BitSet;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Where advice is tried: indexes are built there once, and then shown to the planner or hidden from it, set by set. Closing
 * it leaves nothing of what was built. Not safe for use by several threads at once.
 */
sealed interface Stage extends AutoCloseable permits Staging, RestoredCopy {

    /** What it is, for people: "the staging copy postgres://…". */
    String name();

    /** What should be known of it: that it is a sample, what it lacks. */
    List<String> notes();

    /** The session in which calls are planned and run. */
    Runner runner();

    /**
     * Builds indexes, which are numbered on from those built before.
     *
     * @param failed is told of each that there cannot be, and why
     */
    void build(List<CreateIndex> wanted, BiConsumer<CreateIndex, String> failed, Progress progress) throws SQLException;

    /** Whether all rows are there, and the planner can be told how many different values a column has. */
    boolean tells();

    /** Takes up what is to be tried beside indexes; it is numbered on from what was built or offered before. */
    void offer(List<? extends Option> others);

    /** What was built or offered, by number. */
    List<Option> options();

    /** Has the session plan with exactly these of the options, in a new transaction of it. */
    void show(BitSet visible) throws SQLException;

    /** Leaves nothing of what was built. */
    @Override
    void close();
}
