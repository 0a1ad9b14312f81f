package dev.hone.twin;

import dev.hone.Json;
import dev.hone.Progress;
import dev.hone.postgres.Catalog.Column;
import dev.hone.postgres.Catalog.Relation;
import dev.hone.postgres.Evidence;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics.ColumnStatistics;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.core.JacksonException;

/**
 * How many keys inverted indexes on the columns of a database would have, kept in its Snapshot as one more answer in the
 * evidence: numbers, and no values.
 */
public final class KeyEvidence {

    private static final String ID = "keys";
    private static final String TABLE = "table";
    private static final String COLUMN = "column";
    private static final String OPERATOR_CLASS = "operatorClass";
    private static final String COUNTS = "counts";

    /** Columns of the largest tables come first; there are seldom more. */
    private static final int MOST_COLUMNS = 50;

    /** Of a table smaller than this an index is small whatever its keys are. */
    private static final int FEWEST_PAGES = 16;

    private KeyEvidence() {}

    private record Counted(Relation table, Column column) {}

    /**
     * Counts the keys of the columns of documents, arrays and words, those of the largest tables first, in read-only
     * transactions that end after five seconds.
     */
    public static Snapshot count(Server server, Snapshot snapshot, Progress progress) {
        List<Counted> columns = columns(snapshot);
        if (columns.isEmpty()) {
            return snapshot;
        }
        KeyCounter counter = new KeyCounter(server);
        List<Map<String, Object>> rows = new ArrayList<>();
        try (Progress.Task task = progress.begin("Counting keys", columns.size())) {
            for (int i = 0; i < columns.size(); i++) {
                Counted one = columns.get(i);
                task.at(i, one.table().qualifiedName());
                double width = snapshot.statistics().columns().stream()
                        .filter(known -> known.schema().equals(one.table().schema())
                                && known.relation().equals(one.table().name())
                                && known.column().equals(one.column().name()))
                        .mapToDouble(ColumnStatistics::averageWidth)
                        .max()
                        .orElse(0);
                for (String operatorClass : operatorClasses(one.column().type())) {
                    counter.count(
                                    column(
                                            one.table().qualifiedName(),
                                            operatorClass,
                                            one.column().name()),
                                    one.table().tuples(),
                                    width / KeyCounter.BYTES_OF_KEY)
                            .ifPresent(counts -> rows.add(Map.of(
                                    TABLE,
                                    one.table().qualifiedName(),
                                    COLUMN,
                                    one.column().name(),
                                    OPERATOR_CLASS,
                                    operatorClass,
                                    COUNTS,
                                    Json.object(Json.pretty(counts)))));
                }
            }
        }
        return snapshot.with(new Evidence(ID, rows, null), List.of());
    }

    private static List<Counted> columns(Snapshot snapshot) {
        Map<Long, Relation> tables = new HashMap<>();
        snapshot.catalog().relations().stream()
                .filter(relation -> relation.kind().matches("[rm]") && relation.currentPages() >= FEWEST_PAGES)
                .forEach(relation -> tables.put(relation.oid(), relation));
        return snapshot.catalog().columns().stream()
                .filter(column -> tables.containsKey(column.relation())
                        && !operatorClasses(column.type()).isEmpty())
                .map(column -> new Counted(Objects.requireNonNull(tables.get(column.relation())), column))
                .sorted(Comparator.comparingLong((Counted one) -> -one.table().currentPages())
                        .thenComparing(one -> one.table().qualifiedName())
                        .thenComparingInt(one -> one.column().number()))
                .limit(MOST_COLUMNS)
                .toList();
    }

    private static List<String> operatorClasses(String type) {
        return type.equals("jsonb")
                ? List.of("jsonb_ops", "jsonb_path_ops")
                : type.equals("tsvector")
                        ? List.of("tsvector_ops")
                        : type.endsWith("[]") ? List.of("array_ops") : List.of();
    }

    private static KeyCounter.Column column(String table, String operatorClass, String name) {
        return new KeyCounter.Column(table, operatorClass, Sql.identifier(name), Optional.empty());
    }

    /** What a Snapshot holds of it. */
    static Map<KeyCounter.Column, KeyCounts> of(Snapshot snapshot) {
        Map<KeyCounter.Column, KeyCounts> counts = new HashMap<>();
        Evidence answer = snapshot.evidence().get(ID);
        if (answer != null) {
            try {
                answer.rows()
                        .forEach(row -> counts.put(
                                column(
                                        String.valueOf(row.get(TABLE)),
                                        String.valueOf(row.get(OPERATOR_CLASS)),
                                        String.valueOf(row.get(COLUMN))),
                                Json.MAPPER.convertValue(row.get(COUNTS), KeyCounts.class)));
            } catch (JacksonException | NullPointerException e) {
                // Somebody has written into the file.
                return Map.of();
            }
        }
        return counts;
    }
}
