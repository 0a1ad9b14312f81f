package dev.hone.twin;

import org.jspecify.annotations.Nullable;

/** A statement that the twin cannot plan: it is not valid there, or planning it took too long. */
public final class PlanException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String sql;
    private final String reason;
    private final int position;

    public PlanException(String sql, String reason, @Nullable Throwable cause) {
        this(sql, reason, 0, cause);
    }

    /**
     * With the place of the error.
     *
     * @param position character of the statement, from 1; 0 if it is not known
     */
    public PlanException(String sql, String reason, int position, @Nullable Throwable cause) {
        super("cannot plan: " + reason, cause);
        this.sql = sql;
        this.reason = reason;
        this.position = position;
    }

    /** The statement as it was given. */
    public String sql() {
        return sql;
    }

    /** What PostgreSQL says of it. */
    public String reason() {
        return reason;
    }

    /** The character of the statement where PostgreSQL saw the error, from 1; 0 if it does not say. */
    public int position() {
        return position;
    }
}
