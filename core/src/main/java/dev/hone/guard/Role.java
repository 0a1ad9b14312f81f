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
    APART
}
