package dev.hone;

import org.jspecify.annotations.Nullable;

/**
 * A failure that a person can act on. Its message says what failed and on which object; {@link #advice()} says what is
 * unchanged and what to do next.
 */
public final class HoneException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Why Hone stopped; programs read it from the exit code. */
    public enum Kind {
        /** Hone tried and did not succeed, or a target was missed: exit code 1. */
        FAILED(1),
        /** The request makes no sense as given: exit code 2. */
        USAGE(2),
        /** The server cannot be reached, or does not let us in: exit code 3. */
        UNREACHABLE(3),
        /** Hone could have gone on, and did not, because it would not have been safe: exit code 4. */
        REFUSED(4);

        private final int exitCode;

        Kind(int exitCode) {
            this.exitCode = exitCode;
        }

        public int exitCode() {
            return exitCode;
        }
    }

    private final Kind kind;
    private final String advice;

    public HoneException(Kind kind, String message, String advice) {
        this(kind, message, advice, null);
    }

    public HoneException(Kind kind, String message, String advice, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.advice = advice;
    }

    public static HoneException usage(String message, String advice) {
        return new HoneException(Kind.USAGE, message, advice);
    }

    public static HoneException refused(String message, String advice) {
        return new HoneException(Kind.REFUSED, message, advice);
    }

    public static HoneException failed(String message, String advice, @Nullable Throwable cause) {
        return new HoneException(Kind.FAILED, message, advice, cause);
    }

    public Kind kind() {
        return kind;
    }

    /** What is unchanged, and what to do next: one or more sentences, never empty. */
    public String advice() {
        return advice;
    }
}
