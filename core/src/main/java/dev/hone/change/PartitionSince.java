package dev.hone.change;

import dev.hone.Json;
import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What undo of a partitioning keeps of what the table got since.
 *
 * @param build indexes to be built on the table that takes its place
 * @param away statements of the swap that put those of the partitioned table away
 * @param again statements of the swap that follow when the other table is in place
 */
record PartitionSince(List<IndexPart> build, List<String> away, List<String> again) {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /**
     * @param table the partitioned table
     * @param target the table that takes its place
     * @param got indexes and triggers of the partitioned table, as {@link Belongings#got} tells them
     */
    static PartitionSince read(Server server, String table, String target, List<String> got) {
        Map<String, List<String>> phases = new TreeMap<>();
        server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(PartitionSince.class, "partition_since", server.version()))
                        .bind("table", table)
                        .bind("target", target)
                        .bind("got", Json.MAPPER.writeValueAsString(got))
                        .map((rs, context) -> phases.computeIfAbsent(rs.getString("phase"), any -> new ArrayList<>())
                                .add(rs.getString("statement")))
                        .list());
        return new PartitionSince(
                phases.getOrDefault("build", List.of()).stream()
                        .map(json -> Json.read(json, IndexPart.class))
                        .toList(),
                phases.getOrDefault("away", List.of()),
                phases.getOrDefault("again", List.of()));
    }
}
