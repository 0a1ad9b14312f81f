package dev.hone.change;

/**
 * What was looked at before a deployment.
 *
 * @param advice what to do about it; empty for nothing
 */
public record PreCheck(Level level, String message, String advice) {

    /** How much it matters. */
    public enum Level {
        /** As it should be. */
        FINE,
        /** The deployment goes on, and may take longer or look odd. */
        WARNING,
        /** The deployment must not begin. */
        REFUSED
    }

    static PreCheck fine(String message) {
        return new PreCheck(Level.FINE, message, "");
    }

    static PreCheck warning(String message, String advice) {
        return new PreCheck(Level.WARNING, message, advice);
    }

    static PreCheck refused(String message, String advice) {
        return new PreCheck(Level.REFUSED, message, advice);
    }
}
