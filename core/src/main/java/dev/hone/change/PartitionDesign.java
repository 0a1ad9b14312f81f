package dev.hone.change;

import dev.hone.Json;
import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All that partitions one table and takes it back, as statements in the server's own words; what comes of {@code
 * partitioning.sql}.
 *
 * @param phases the statements by what they are for
 */
record PartitionDesign(Map<String, List<String>> phases) {

    /** The state of the error that what was read is no longer so. */
    static final String CHANGED = "HN001";

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    PartitionDesign {
        phases = Map.copyOf(phases);
    }

    /**
     * @param upper where the rows of today end: a time in UTC or a number; null by hash
     */
    static PartitionDesign read(Server server, PartitionTable change, @Nullable String upper) {
        Parameters given = Parameters.of(change);
        Map<String, List<String>> phases = new TreeMap<>();
        server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(PartitionDesign.class, "partitioning", server.version()))
                        .bind("schema", change.schema())
                        .bind("table", change.table())
                        .bind("key", change.column())
                        .bind("kind", given.kind())
                        .bind("unit", given.unit())
                        .bind("width", given.width())
                        .bind("count", given.count())
                        .bind("upper", upper)
                        .bind("foreign_keys", Json.MAPPER.writeValueAsString(change.foreignKeys()))
                        .map((rs, context) -> phases.computeIfAbsent(rs.getString("phase"), any -> new ArrayList<>())
                                .add(rs.getString("statement")))
                        .list());
        PartitionDesign design = new PartitionDesign(phases);
        return design.of("name").isEmpty() || !design.of("refuse").isEmpty() ? design : design.guarded(server, change);
    }

    /** With what the table is now, and the statements that fail if it is that no longer. */
    private PartitionDesign guarded(Server server, PartitionTable change) {
        Belongings shape = shape(server, change);
        Map<String, List<String>> all = new TreeMap<>(phases);
        all.put("shape", shape.lines());
        all.put("unchanged", List.of(shape.unchanged(server, "undo, then apply again")));
        all.put("still", List.of(shape.still(server)));
        return new PartitionDesign(all);
    }

    /** What belongs to the table now, but for what the change itself makes. */
    Belongings shape(Server server, PartitionTable change) {
        List<IndexPart> own = new ArrayList<>(index());
        own.addAll(indexBack());
        return Belongings.read(server, change.subject(), change.column(), own);
    }

    /**
     * A Scheme as partitioning.sql takes it.
     *
     * @param unit day, week, month, year, number or hash
     * @param count partitions to make
     */
    record Parameters(String kind, String unit, String width, int count) {

        static Parameters of(PartitionTable change) {
            return switch (change.scheme()) {
                case PartitionTable.Ranges ranges ->
                    new Parameters(
                            "range", ranges.interval().name().toLowerCase(java.util.Locale.ROOT), "1", ranges.ahead());
                case PartitionTable.Steps steps ->
                    new Parameters("range", "number", String.valueOf(steps.width()), steps.ahead());
                case PartitionTable.Hashes hashes -> new Parameters("hash", "hash", "1", hashes.modulus());
            };
        }
    }

    /**
     * The query for where the rows of today are to end; empty by hash. It is at least a day, or a whole step, beyond the
     * greatest value, so that nobody writes past it before the next partition is there.
     */
    static Optional<String> upperQuery(PartitionTable change) {
        String column = Sql.identifier(change.column());
        return switch (change.scheme()) {
            case PartitionTable.Ranges ranges -> {
                String unit = Parameters.of(change).unit();
                yield Optional.of(
                        "SELECT to_char(date_trunc('" + unit + "', greatest((SELECT max(" + column + ")::timestamptz"
                                + " FROM " + change.subject() + " WHERE isfinite(" + column + ")) AT TIME ZONE 'UTC',"
                                + " now() AT TIME ZONE 'UTC') + interval '1 day') + interval '1 " + unit
                                + "', 'YYYY-MM-DD HH24:MI:SS')");
            }
            case PartitionTable.Steps steps ->
                Optional.of("SELECT ((floor(coalesce(max(" + column + "), 0)::numeric / " + steps.width() + ") + 2) * "
                        + steps.width() + ")::text FROM " + change.subject());
            case PartitionTable.Hashes hashes -> Optional.empty();
        };
    }

    /**
     * The query for whether less than half of what there was at least is left until the bound: then nobody should be
     * kept to it any more; empty by hash.
     */
    static Optional<String> nearQuery(PartitionTable change, @Nullable String upper) {
        if (upper == null) {
            return Optional.empty();
        }
        String column = Sql.identifier(change.column());
        return switch (change.scheme()) {
            case PartitionTable.Ranges ranges ->
                Optional.of("SELECT CAST(" + Sql.literal(upper) + " AS timestamp) - greatest((SELECT max(" + column
                        + ")::timestamptz FROM " + change.subject() + " WHERE isfinite(" + column
                        + ")) AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC') < interval '12 hours'");
            case PartitionTable.Steps steps ->
                Optional.of("SELECT CAST(" + Sql.literal(upper) + " AS numeric) - coalesce(max(" + column + "), 0) < "
                        + steps.width() + " / 2.0 FROM " + change.subject());
            case PartitionTable.Hashes hashes -> Optional.empty();
        };
    }

    List<String> of(String phase) {
        return phases.getOrDefault(phase, List.of());
    }

    /** The statements of several phases, one after the other. */
    List<String> of(String... some) {
        List<String> all = new ArrayList<>();
        for (String phase : some) {
            all.addAll(of(phase));
        }
        return all;
    }

    /** All that keeps the table from being partitioned like this, and what to do. */
    Optional<Outlook> refusal() {
        if (of("refuse").isEmpty()) {
            return Optional.empty();
        }
        List<String> all = new ArrayList<>();
        for (String text : of("refuse")) {
            int end = text.lastIndexOf('|');
            all.add(text.substring(0, end) + " (" + text.substring(end + 1) + ")");
        }
        return Optional.of(Outlook.refused(String.join("; ", all), ""));
    }

    /** The table that is being made, before it gets its name. */
    String staged() {
        return of("name").get(0);
    }

    /** The table of today, once another bears its name. */
    String old() {
        return of("name").get(1);
    }

    String dirty() {
        return of("name").get(2);
    }

    String note() {
        return of("name").get(3);
    }

    /** The columns that are written, comma-separated; generated ones are not. */
    String columns() {
        return of("name").get(4);
    }

    /** The columns that tell rows apart, comma-separated; empty if none do. */
    String keys() {
        return of("name").get(5);
    }

    /** The condition that rows of d and b are the same. */
    String same() {
        return of("name").get(6);
    }

    /** The unique index that the swap makes the primary key; none if it has the column already. */
    List<IndexPart> index() {
        return parts("index");
    }

    /** The unique index that the swap back makes the primary key again. */
    List<IndexPart> indexBack() {
        return parts("index_back");
    }

    /** What tables that point here get before the swap. */
    List<ChildCheck> childChecks() {
        return of("child_check").stream()
                .map(json -> Json.read(json, ChildCheck.class))
                .toList();
    }

    private List<IndexPart> parts(String phase) {
        return of(phase).stream().map(json -> Json.read(json, IndexPart.class)).toList();
    }

    /** The statements that first find nothing wrong; each tells what it found. */
    void guard(Server server) throws SQLException {
        for (String query : of("guard")) {
            Optional<String> wrong = server.handle()
                    .createQuery(Sql.tag("guard", query))
                    .mapTo(String.class)
                    .findOne();
            if (wrong.isPresent()) {
                throw new SQLException(wrong.get(), "23503");
            }
        }
    }
}
