package dev.hone.change;

import dev.hone.postgres.Server;
import java.util.List;
import java.util.Set;

/**
 * What surrounds a look at the database.
 *
 * @param journaled what the journal remembers of this step from an earlier run
 * @param freed qualified names that earlier steps of the same deployment will have freed
 * @param extensions the statements by which earlier steps of the same deployment will have created extensions
 */
record Surroundings(Server server, Journal journal, Journaled journaled, Set<String> freed, List<String> extensions) {

    Surroundings {
        freed = Set.copyOf(freed);
        extensions = List.copyOf(extensions);
    }

    /** Whether an earlier run began this step. */
    boolean begun() {
        return journaled.begun();
    }

    boolean owns(IndexPart part) {
        return (begun() && journaled.indexes().stream().anyMatch(part::same)) || journal.ownsUnfinished(part);
    }
}
