package dev.hone.change;

/**
 * How an operation ended.
 *
 * @param detail what there is to know beyond the state; empty for nothing
 * @param index the oid of the index built; 0 for none
 */
record Outcome(StepState state, String detail, long index) {

    static Outcome applied(String detail) {
        return new Outcome(StepState.APPLIED, detail, 0);
    }

    static Outcome undone(String detail) {
        return new Outcome(StepState.UNDONE, detail, 0);
    }

    /** Left as it is by undo. */
    static Outcome kept(String why) {
        return new Outcome(StepState.KEPT, "left: " + why, 0);
    }
}
