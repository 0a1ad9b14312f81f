package dev.hone.twin;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Something that a twin pretends, until this is closed. Not safe for use by several threads at once.
 */
public final class Assumption implements AutoCloseable {

    private final WhatIf whatIf;
    private final @Nullable HypotheticalIndex index;
    private final List<String> notes;
    private final Runnable undo;
    private boolean open = true;

    Assumption(WhatIf whatIf, @Nullable HypotheticalIndex index, List<String> notes, Runnable undo) {
        this.whatIf = whatIf;
        this.index = index;
        this.notes = List.copyOf(notes);
        this.undo = undo;
    }

    public WhatIf whatIf() {
        return whatIf;
    }

    /** The index, if that is what is pretended. */
    public Optional<HypotheticalIndex> index() {
        return Optional.ofNullable(index);
    }

    /** What the planner's answer does not take into account, in sentences for people. */
    public List<String> notes() {
        return notes;
    }

    /** Stops pretending. */
    @Override
    public void close() {
        if (open) {
            open = false;
            undo.run();
        }
    }
}
