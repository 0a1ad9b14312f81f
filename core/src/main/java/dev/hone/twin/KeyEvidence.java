package dev.hone.twin;

import dev.hone.Json;
import dev.hone.Progress;
import dev.hone.postgres.Catalog.Column;
import dev.hone.postgres.Catalog.Relation;
import dev.hone.postgres.Evidence;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
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

    /** Elements that inverted indexes take, and whose functions are PostgreSQL's own. */
    private static final Set<String> ELEMENTS = Set.of(
            "text",
            "character varying",
            "smallint",
            "integer",
            "bigint",
            "numeric",
            "real",
            "double precision",
            "boolean",
            "uuid",
            "date",
            "timestamp with time zone",
            "timestamp without time zone",
            "inet");

    private record Counted(Relation table, Column column) {}

    /**
     * Counts the keys of the columns of documents, arrays and words, those of the largest tables first, as {@link
     * KeyCounter} does.
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
                Relation table = columns.get(i).table();
                Column column = columns.get(i).column();
                task.at(i, table.qualifiedName());
                for (String operatorClass : operatorClasses(column.type())) {
                    counter.count(
                                    column(table.qualifiedName(), operatorClass, column.name()),
                                    table.tuples(),
                                    table.currentPages())
                            .ifPresent(counts -> rows.add(Map.of(
                                    TABLE,
                                    table.qualifiedName(),
                                    COLUMN,
                                    column.name(),
                                    OPERATOR_CLASS,
                                    operatorClass,
                                    COUNTS,
                                    Json.MAPPER.convertValue(counts, Map.class))));
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
        return switch (type) {
            case "jsonb" -> List.of("jsonb_ops", "jsonb_path_ops");
            case "tsvector" -> List.of("tsvector_ops");
            default ->
                type.endsWith("[]") && ELEMENTS.contains(type.replaceFirst("(\\(.*\\))?\\[]$", ""))
                        ? List.of("array_ops")
                        : List.of();
        };
    }

    private static KeyCounter.Column column(String table, String operatorClass, String name) {
        return new KeyCounter.Column(table, operatorClass, Sql.identifier(name), Optional.empty());
    }

    /** What a Snapshot holds of it. */
    static Map<KeyCounter.Column, KeyCounts> of(Snapshot snapshot) {
        Map<KeyCounter.Column, KeyCounts> counts = new HashMap<>();
        Evidence answer = snapshot.evidence().get(ID);
        List<Map<String, Object>> rows = answer == null ? List.of() : answer.rows();
        for (Map<String, Object> row : rows) {
            try {
                counts.put(
                        column(
                                String.valueOf(row.get(TABLE)),
                                String.valueOf(row.get(OPERATOR_CLASS)),
                                String.valueOf(row.get(COLUMN))),
                        Objects.requireNonNull(Json.MAPPER.convertValue(row.get(COUNTS), KeyCounts.class)));
            } catch (JacksonException | NullPointerException e) {
                // Somebody has written into the file: as if this had not been counted.
            }
        }
        return counts;
    }
}
