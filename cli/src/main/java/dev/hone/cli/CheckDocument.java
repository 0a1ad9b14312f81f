package dev.hone.cli;

import dev.hone.check.Diagnosis;
import dev.hone.check.Finding;
import dev.hone.check.Light;
import dev.hone.postgres.BlindSpot;
import dev.hone.postgres.Snapshot;
import java.time.Instant;
import java.util.List;

/**
 * What {@code hone check --format json} writes.
 *
 * @param format version of this document's shape
 */
record CheckDocument(
        int format,
        Instant takenAt,
        Snapshot.Database database,
        List<Finding> findings,
        List<Light> lights,
        List<BlindSpot> blindSpots) {

    private static final int FORMAT = 1;

    static CheckDocument of(Snapshot snapshot, Diagnosis diagnosis) {
        return new CheckDocument(
                FORMAT,
                snapshot.takenAt(),
                snapshot.database(),
                diagnosis.findings(),
                diagnosis.lights(),
                snapshot.blindSpots());
    }
}
