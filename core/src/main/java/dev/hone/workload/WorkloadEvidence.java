package dev.hone.workload;

import dev.hone.Json;
import dev.hone.postgres.BlindSpot;
import dev.hone.postgres.Evidence;
import dev.hone.postgres.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;

/**
 * A workload kept in a Snapshot, as one more answer in its evidence: so the file of a Snapshot is all that advice needs
 * where the server is not.
 */
public final class WorkloadEvidence {

    private static final String ID = "workload";
    private static final String SOURCE = "source";

    private WorkloadEvidence() {}

    /** The Snapshot with a workload in it, and with what could not be seen of that. */
    public static Snapshot keep(Workload workload, List<BlindSpot> unseen, Snapshot snapshot) {
        List<Map<String, Object>> rows = new ArrayList<>();
        rows.add(Map.of(SOURCE, workload.source()));
        for (Workload.Query query : workload.queries()) {
            rows.add(Json.object(Json.pretty(query)));
        }
        return snapshot.with(new Evidence(ID, rows, null), unseen);
    }

    /**
     * The Snapshot with the reason why there is no workload in it.
     *
     * @param reason one or more sentences
     */
    public static Snapshot missing(String reason, Snapshot snapshot) {
        return snapshot.with(new Evidence(ID, List.of(), reason), List.of());
    }

    /** The workload that a Snapshot holds; empty if it was taken without one. */
    public static Optional<Workload> of(Snapshot snapshot) {
        Evidence answer = snapshot.evidence().get(ID);
        if (answer == null || answer.unavailable() != null || answer.rows().isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Workload(
                    String.valueOf(answer.rows().getFirst().get(SOURCE)),
                    answer.rows().stream()
                            .skip(1)
                            .map(row -> Json.MAPPER.convertValue(row, Workload.Query.class))
                            .toList()));
        } catch (JacksonException | NullPointerException e) {
            // Somebody has written into the file.
            return Optional.empty();
        }
    }

    /** Why a Snapshot holds no workload, as far as it says. */
    public static Optional<String> reason(Snapshot snapshot) {
        return Optional.ofNullable(snapshot.evidence().get(ID)).map(Evidence::unavailable);
    }
}
