package dev.hone.twin;

import org.jspecify.annotations.Nullable;

/** A statement that the twin cannot plan: it is not valid there, or planning it took too long. */
public final class PlanException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String sql;
    private final String reason;

    public PlanException(String sql, String reason, @Nullable Throwable cause) {
        super("cannot plan: " + reason, cause);
        this.sql = sql;
        this.reason = reason;
    }

    /** The statement as it was given. */
    public String sql() {
        return sql;
    }

    /** What PostgreSQL says of it. */
    public String reason() {
        return reason;
    }
}
