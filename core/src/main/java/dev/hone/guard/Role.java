package dev.hone.guard;

/** What a query has to do with a deployment. */
public enum Role {
    /** It uses something that was changed. */
    TOUCHED,
    /** It might: it calls a function, or fires a trigger, that may do anything. */
    UNCLEAR,
    /** It uses tables, and none that was changed: if it gets slower, so does everything. */
    CONTROL,
    /** It uses no table at all. */
    APART;

    /** Whether it is a reason to take a deployment back if it fares worse. */
    boolean judged() {
        return this == TOUCHED || this == UNCLEAR;
    }
}
