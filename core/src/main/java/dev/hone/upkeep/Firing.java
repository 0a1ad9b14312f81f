package dev.hone.upkeep;

/** How the trigger for updates fires. */
public enum Firing {
    /**
     * Once a statement, which compares all its rows before and after, and queues what they have in common once: cheap for
     * statements that change many rows that matter.
     */
    STATEMENT,
    /**
     * Once for each row of which something changed that matters; the others cost a comparison: cheap for statements that
     * change a few rows, or nothing that matters.
     */
    ROW
}
