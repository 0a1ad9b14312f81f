package dev.hone.twin;

import dev.hone.postgres.Sql;
import dev.hone.twin.BtreeSize.Group;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Estimates the size of an index that exists in the twin's catalogs and is empty there, so that PostgreSQL itself has
 * already worked out its columns, types and expressions.
 */
final class IndexSizer {

    private static final int ROW_HEADER_BYTES = 24;
    private static final double DEFAULT_DISTINCT = 200;
    private static final int DEFAULT_WIDTH = 8;
    private static final int WIDEST = 2_700;

    /** What catalogs and statistics say of a column of the index. */
    private record Column(
            int number,
            boolean key,
            int tableColumn,
            int length,
            String alignment,
            String typeName,
            String type,
            String expression,
            @Nullable String nullFraction,
            int averageWidth,
            double distinct,
            @Nullable String frequencies,
            @Nullable String commonValues,
            @Nullable String bounds,
            @Nullable String correlation,
            @Nullable String elements,
            @Nullable String elementFrequencies,
            @Nullable String elementCounts,
            String operatorClass) {}

    private record Facts(
            String table,
            long tableOid,
            double tuples,
            int tablePages,
            boolean empty,
            int pagesPerRange,
            String path,
            long fileNumber,
            boolean unique,
            @Nullable String predicate,
            int fillFactor,
            boolean deduplicate,
            boolean holdsUniqueKey,
            boolean foreignCode,
            String method) {}

    /**
     * @param size of a fresh build
     * @param rows that it holds
     * @param fileNumber pg_class.relfilenode
     */
    record Estimate(IndexSize size, double rows, RelationFile file, long fileNumber) {}

    private final Session superuser;
    private final Session owner;
    private final TwinServer server;
    private final Samples samples;
    private final GinKeys ginKeys;
    private final Map<KeyCounter.Column, KeyCounts> keptCounts;
    private @Nullable KeyCounter counter;

    private record Values(String type, List<String> values) {}

    /** Many indexes are thought of that hold the same columns. */
    private final Map<Values, List<Integer>> widths = new HashMap<>();

    /** @param keptCounts what the source's keys were counted to be */
    IndexSizer(Session superuser, Session owner, TwinServer server, Map<KeyCounter.Column, KeyCounts> keptCounts) {
        this.superuser = superuser;
        this.owner = owner;
        this.server = server;
        this.keptCounts = Map.copyOf(keptCounts);
        samples = new Samples(superuser, owner);
        ginKeys = new GinKeys(superuser, owner);
    }

    /** Lets the keys of inverted indexes be counted from now on. */
    void countKeys(KeyCounter on) {
        counter = on;
    }

    /**
     * Estimates one index on one table. It must be invisible to the planner, which would otherwise look into its file.
     */
    Estimate estimate(long index) throws SQLException, IOException {
        Facts facts = facts(index);
        List<Column> columns = columns(index);
        RelationFile file = server.file(facts.path());
        String from = "FROM ONLY " + facts.table();
        // Of an empty table the planner takes it that rows are about to come; its indexes are empty all the same.
        double rows = facts.empty()
                ? 0
                : plan("SELECT 1 " + from + (facts.predicate() == null ? "" : " WHERE " + facts.predicate()))
                        .rows();
        IndexSize size = switch (facts.method()) {
            case "btree" -> btree(index, facts, columns, rows, file);
            case "hash" -> hash(facts, columns.getFirst(), rows);
            case "brin" -> brin(facts, columns);
            case "gin" -> gin(facts, columns, rows);
            case "gist" ->
                TreeSize.gist(treeModels(columns, facts, rows), rows, sorts(index), order(columns), facts.fillFactor());
            case "spgist" -> TreeSize.spgist(models(columns, facts, rows), rows);
            // A method that an extension brings: as a tree of its values.
            default -> TreeSize.gist(models(columns, facts, rows), rows, false, 0, facts.fillFactor());
        };
        return new Estimate(size, rows, file, facts.fileNumber());
    }

    /** What an existing index of known length is made of. */
    IndexSize known(long index, long pages) throws SQLException {
        Facts facts = facts(index);
        if (facts.method().equals("brin")) {
            return BrinSize.known(pages, facts.tablePages(), facts.pagesPerRange());
        }
        double rows = facts.tuples();
        return GinSize.known(pages, gin(facts, columns(index), rows));
    }

    private BtreeSize btree(long index, Facts facts, List<Column> columns, double rows, RelationFile file)
            throws SQLException, IOException {
        int keys = (int) columns.stream().filter(Column::key).count();
        boolean deduplicated =
                facts.deduplicate() && !facts.unique() && !facts.holdsUniqueKey() && BtreePages.allEqualImage(file);
        List<Group> groups = deduplicated && keys > 1 ? groups(index, columns) : List.of();
        return BtreeSize.of(new BtreeSize.Input(
                models(columns, facts, rows), keys, rows, deduplicated, facts.fillFactor(), groups));
    }

    private List<KeyColumn> models(List<Column> columns, Facts facts, double rows) throws SQLException {
        List<KeyColumn> models = new ArrayList<>();
        for (Column column : columns) {
            models.add(model(column, facts, rows));
        }
        return models;
    }

    /** As {@link #models}, where a GiST index keeps something else than the value: what a text is made of. */
    private List<KeyColumn> treeModels(List<Column> columns, Facts facts, double rows) throws SQLException {
        List<KeyColumn> models = new ArrayList<>();
        for (Column column : columns) {
            KeyColumn model = model(column, facts, rows);
            boolean trigrams = column.operatorClass().equals("gist_trgm_ops");
            boolean words = column.operatorClass().equals("tsvector_ops");
            if (trigrams || words) {
                double parts = ginKeys.perRow(
                                trigrams ? "gin_trgm_ops" : "tsvector_ops",
                                samples.of(facts.tableOid(), column.expression()))
                        .orElse(column.averageWidth() / (trigrams ? 1.0 : 12.0));
                double present = Math.max(0.01, 1 - model.nullFraction());
                int bytes = TreeSize.textBytes(trigrams, parts / present);
                model = new KeyColumn(0, 4, model.nullFraction(), List.of(), List.of(), List.of(bytes), 1);
            }
            models.add(model);
        }
        return models;
    }

    /** How much the first column follows the order of the table's rows, from 0 to 1. */
    private static double order(List<Column> columns) {
        String correlation = columns.getFirst().correlation();
        return correlation == null
                ? 0
                : Math.min(1, Math.abs(ArrayText.numbers(correlation).getFirst()));
    }

    /** NULL is not in a hash index, though its buckets are laid out for all rows of the table. */
    private IndexSize hash(Facts facts, Column column, double rows) throws SQLException {
        KeyColumn model = model(column, facts, rows);
        double present = 1 - model.nullFraction();
        return HashSize.of(
                Math.max(facts.tuples(), rows),
                rows * present,
                model.frequencies().stream()
                        .map(frequency -> frequency / Math.max(1e-9, present))
                        .toList(),
                model.distinct(),
                facts.fillFactor());
    }

    private static IndexSize brin(Facts facts, List<Column> columns) {
        int bytes = 0;
        int values = 0;
        boolean nulls = false;
        for (Column column : columns) {
            int width = column.length() > 0 ? column.length() : Math.max(1, column.averageWidth());
            BrinSummary summary = BrinSummary.of(column.operatorClass(), width, facts.pagesPerRange());
            bytes += column.length() > 0 ? KeyColumn.align(summary.bytes(), Math.min(8, width)) : summary.bytes();
            values++;
            nulls |= column.nullFraction() == null || Double.parseDouble(column.nullFraction()) > 0;
        }
        return BrinSize.of(facts.tablePages(), facts.pagesPerRange(), bytes, values, nulls);
    }

    private GinSize gin(Facts facts, List<Column> columns, double rows) throws SQLException {
        List<GinSize.Keys> keys = new ArrayList<>();
        double all = rows;
        for (Column column : columns) {
            Optional<KeyCounts> counts = counts(facts, column);
            if (counts.isPresent()) {
                keys.addAll(counts.get().keys(Math.max(0, column.length())));
                all = Math.max(all, counts.get().all());
            } else {
                keys.addAll(keys(facts, column, rows));
            }
        }
        double perPage = all / facts.tablePages();
        return GinSize.of(
                keys, all, Math.max(1, perPage), columns.size() > 1, GinSize.oneRound(keys, facts.tablePages()));
    }

    private List<GinSize.Keys> keys(Facts facts, Column column, double rows) throws SQLException {
        List<Integer> widths = elementWidths(column);
        return ginKeys.of(
                column.operatorClass(),
                Math.max(0, column.length()),
                samples.of(facts.tableOid(), column.expression()),
                GinKeys.elements(column.elements(), column.elementFrequencies(), column.elementCounts(), widths),
                column.nullFraction() == null ? 0 : Double.parseDouble(column.nullFraction()),
                column.averageWidth() > 0 ? column.averageWidth() : DEFAULT_WIDTH,
                rows);
    }

    private Optional<KeyCounts> counts(Facts facts, Column column) {
        KeyCounter.Column counted = new KeyCounter.Column(
                facts.table(),
                column.operatorClass(),
                column.tableColumn() > 0 ? Sql.identifier(Samples.unquoted(column.expression())) : column.expression(),
                Optional.ofNullable(facts.predicate()));
        KeyCounts kept = keptCounts.get(counted);
        return kept != null || counter == null || facts.foreignCode()
                ? Optional.ofNullable(kept)
                : counter.count(counted, facts.tuples(), facts.tablePages());
    }

    private List<Integer> elementWidths(Column column) throws SQLException {
        String type = column.operatorClass().equals("tsvector_ops") ? "text" : column.type();
        return column.elements() == null ? List.of() : widths(type, ArrayText.parse(column.elements()));
    }

    /** Whether a GiST index sorts when it is built: if every operator class has a support function for it. */
    private boolean sorts(long index) throws SQLException {
        return superuser
                .text("SELECT bool_and(EXISTS (SELECT FROM pg_amproc p WHERE p.amprocfamily = o.opcfamily AND"
                        + " p.amprocnum = 11 AND p.amproclefttype = o.opcintype)) FROM pg_index x,"
                        + " unnest(x.indclass::oid[]) c(oid) JOIN pg_opclass o ON o.oid = c.oid WHERE x.indexrelid = "
                        + index)
                .map("t"::equals)
                .orElse(false);
    }

    private KeyColumn model(Column column, Facts facts, double rows) throws SQLException {
        boolean known = column.nullFraction() != null;
        int width = column.averageWidth() > 0 ? column.averageWidth() : DEFAULT_WIDTH;
        double distinct;
        if (known) {
            double stored = column.distinct() == 0 ? DEFAULT_DISTINCT : column.distinct();
            distinct = stored < 0 ? -stored * Math.max(1, facts.tuples()) : stored;
        } else {
            String from = " FROM ONLY " + facts.table();
            width = plan("SELECT " + column.expression() + from).width();
            distinct = column.key()
                    ? plan("SELECT " + column.expression() + from + " GROUP BY 1")
                            .rows()
                    : rows;
        }
        KeptValues values = KeptValues.all(
                known ? Double.parseDouble(column.nullFraction()) : 0,
                column.commonValues(),
                column.frequencies(),
                column.bounds());
        if (known) {
            distinct = NumbersWithoutGaps.distinct(column.typeName(), values, distinct, facts.tuples())
                    .orElse(distinct);
        }
        String predicate = facts.predicate();
        if (predicate != null) {
            KeptValues kept = column.tableColumn() > 0
                    ? values.where(owner, predicate, column.expression(), column.type())
                    : values;
            distinct = Math.min(kept.distinct(distinct, values.frequencies().size()), Math.max(1, rows));
            values = kept;
        }
        if (column.length() > 0) {
            return new KeyColumn(
                    column.length(),
                    alignment(column.alignment()),
                    values.nulls(),
                    values.frequencies(),
                    List.of(),
                    List.of(column.length()),
                    Math.max(1, distinct));
        }
        List<Integer> common = widths(column.type(), values.common());
        List<Integer> other = widths(column.type(), values.bounds());
        if (other.isEmpty()) {
            other = !common.isEmpty() ? common : around(width, column.typeName().equals("bpchar"));
        }
        return new KeyColumn(
                0,
                1,
                values.nulls(),
                values.frequencies(),
                common.size() == values.frequencies().size() ? common : List.of(),
                other,
                Math.max(1, distinct));
    }

    /** How many bytes values take where they are stored: in a row, that is, with a short header where one will do. */
    private List<Integer> widths(String type, List<String> values) throws SQLException {
        if (values.isEmpty()) {
            return List.of();
        }
        List<Integer> known = widths.get(new Values(type, values));
        if (known == null) {
            known = measured(type, values);
            widths.put(new Values(type, values), known);
        }
        return known;
    }

    private List<Integer> measured(String type, List<String> values) {
        try {
            String texts = String.join(", ", values.stream().map(Sql::literal).toList());
            return owner
                    .query(
                            "SELECT pg_column_size(ROW(v::" + type + ")) - " + ROW_HEADER_BYTES
                                    + " FROM unnest(ARRAY[" + texts
                                    + "]::text[]) WITH ORDINALITY u(v, n) ORDER BY n",
                            row -> row.getInt(1))
                    .stream()
                    .map(width -> Math.clamp(width, 1, WIDEST))
                    .toList();
        } catch (SQLException e) {
            // A value that its own type does not read back: the mean width has to do.
            return List.of();
        }
    }

    private static List<Integer> around(int width, boolean exact) {
        return exact
                ? List.of(width)
                : IntStream.rangeClosed(width - 4, width + 4)
                        .map(one -> Math.max(1, one))
                        .boxed()
                        .toList();
    }

    private static int alignment(String letter) {
        return switch (letter) {
            case "c" -> 1;
            case "s" -> 2;
            case "i" -> 4;
            default -> 8;
        };
    }

    /** The largest known groups that lie within the key and do not overlap. */
    private List<Group> groups(long index, List<Column> columns) throws SQLException {
        List<Integer> keys =
                columns.stream().filter(Column::key).map(Column::tableColumn).toList();
        record Known(List<Integer> columns, double combinations) {}
        List<Known> all = superuser.query(
                load("column_groups", index),
                row -> new Known(
                        ArrayText.parse(row.getString(1)).stream()
                                .map(Integer::valueOf)
                                .toList(),
                        row.getDouble(2)));
        List<Group> chosen = new ArrayList<>();
        Set<Integer> taken = new HashSet<>();
        all.stream()
                .filter(known -> keys.containsAll(known.columns()))
                .sorted(Comparator.comparingInt(
                        (Known known) -> -known.columns().size()))
                .forEach(known -> {
                    Set<Integer> positions = new HashSet<>();
                    known.columns().forEach(number -> positions.add(keys.indexOf(number)));
                    if (positions.stream().noneMatch(taken::contains)) {
                        taken.addAll(positions);
                        chosen.add(new Group(Set.copyOf(positions), known.combinations()));
                    }
                });
        return chosen;
    }

    private Plan.Node plan(String query) throws SQLException {
        String json = owner.text("EXPLAIN (FORMAT JSON) " + query)
                .orElseThrow(() -> new SQLException("EXPLAIN without an answer"));
        return Plan.parse(json).root();
    }

    private Facts facts(long index) throws SQLException {
        return superuser
                .query(
                        load("index_facts", index),
                        row -> new Facts(
                                Sql.identifier(row.getString("schema_name"), row.getString("table_name")),
                                row.getLong("table_oid"),
                                row.getDouble("tuples"),
                                row.getInt("table_pages"),
                                row.getBoolean("empty"),
                                row.getInt("pages_per_range"),
                                row.getString("path"),
                                row.getLong("file_number"),
                                row.getBoolean("unique"),
                                row.getString("predicate"),
                                row.getInt("fill_factor"),
                                row.getBoolean("deduplicate"),
                                row.getBoolean("holds_unique_key"),
                                row.getBoolean("foreign_code"),
                                row.getString("method")))
                .getFirst();
    }

    private List<Column> columns(long index) throws SQLException {
        return superuser.query(
                load("index_columns", index),
                row -> new Column(
                        row.getInt("number"),
                        row.getBoolean("key"),
                        row.getInt("table_column"),
                        row.getInt("length"),
                        row.getString("alignment"),
                        row.getString("type_name"),
                        row.getString("type"),
                        row.getString("expression"),
                        row.getString("null_fraction"),
                        row.getInt("average_width"),
                        row.getDouble("distinct"),
                        row.getString("frequencies"),
                        row.getString("common_values"),
                        row.getString("bounds"),
                        row.getString("correlation"),
                        row.getString("elements"),
                        row.getString("element_frequencies"),
                        row.getString("element_counts"),
                        Objects.requireNonNullElse(row.getString("operator_class"), "")));
    }

    private String load(String name, long index) throws SQLException {
        return Sql.load(Twin.class, name, superuser.version()).replace(":index", Long.toString(index));
    }
}
