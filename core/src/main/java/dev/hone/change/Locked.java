package dev.hone.change;

import java.sql.SQLException;
import java.util.Optional;
import org.jdbi.v3.core.JdbiException;

/** A look at the database did not get a lock in time: nothing can be said of the change, neither that it can be made nor not. */
final class Locked extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final SQLException failure;

    Locked(SQLException failure) {
        super(failure.getMessage(), failure);
        this.failure = failure;
    }

    SQLException failure() {
        return failure;
    }

    /** The server's words, if it was for a lock that a look failed; empty if it was for anything else. */
    static Optional<SQLException> in(RuntimeException e) {
        if (e instanceof Locked locked) {
            return Optional.of(locked.failure());
        }
        return e instanceof JdbiException && e.getCause() instanceof SQLException cause && Workbench.forLock(cause)
                ? Optional.of(cause)
                : Optional.empty();
    }
}
