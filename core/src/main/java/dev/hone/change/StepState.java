package dev.hone.change;

/** Where a step of a deployment stands, as the journal says. */
public enum StepState {
    /** Its turn has not come. */
    PLANNED,
    /** Its statements are about to run, are running, or were when Hone was ended. */
    INTENDED,
    /** Done and verified. */
    APPLIED,
    /** What it asks for was there before: nothing was run, and undo takes nothing back. */
    ALREADY,
    /** It did not succeed; the error says why and what it left. */
    FAILED,
    /** It is being taken back, or was when Hone was ended. */
    UNDOING,
    /** Taken back. */
    UNDONE,
    /** Left as it is by undo, because somebody has changed the object since. */
    KEPT;

    /** Whether a further run of the same changes still has something to do here. */
    public boolean unfinished() {
        return this == PLANNED || this == INTENDED || this == FAILED;
    }

    /** Whether undo has something to look at here. */
    public boolean undoable() {
        return this == INTENDED || this == APPLIED || this == FAILED || this == UNDOING;
    }
}
