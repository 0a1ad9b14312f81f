package dev.hone.verify;

import dev.hone.postgres.ServerAddress;

/** Where advice is tried. */
public sealed interface Place {

    /**
     * A copy that Hone makes on this machine, and removes.
     *
     * @param sizeBytes up to which size of all tables that the workload touches they are copied whole, and otherwise sampled
     */
    record OwnCopy(long sizeBytes) implements Place {
        public OwnCopy {
            if (sizeBytes <= 0) {
                throw new IllegalArgumentException("the size must be positive: " + sizeBytes);
            }
        }
    }

    /** A copy of the database that its owner keeps for trying things. */
    record StagingCopy(ServerAddress address) implements Place {}

    /**
     * The database itself: indexes are built there as {@code hone apply} builds them, and removed again; reading queries run
     * in transactions that are rolled back, and writing ones not at all.
     */
    record Source() implements Place {}
}
