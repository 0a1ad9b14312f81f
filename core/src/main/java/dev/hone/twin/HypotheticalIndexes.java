package dev.hone.twin;

import dev.hone.HoneException;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Sql;
import dev.hone.twin.IndexSizer.Estimate;
import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The indexes of a twin that its source does not have. Each is a real one, built over no rows: while it is built, its
 * table points to an empty file. Then its own file is made as long and as high as it would be.
 */
final class HypotheticalIndexes {

    private static final String NO_ROWS = "hone_twin_private.no_rows";

    /** A name alone, quoted or not: certainly no expression, which has parentheses. */
    private static final Pattern PLAIN_COLUMN = Pattern.compile("[^()]*");

    private final Session superuser;
    private final Session owner;
    private final DerivedStatistics derived;
    private final IndexSizer sizer;
    private final Extensions extensions;

    /** The oids behind each index: on a partitioned table there are many. */
    private final Map<HypotheticalIndex, Set<Long>> all = new LinkedHashMap<>();

    private final Set<HypotheticalIndex> visible = new HashSet<>();

    /** Numbers that the server itself, which counts from 16384 on, does not come to. */
    private long nextFile = 3_000_000_000L;

    HypotheticalIndexes(
            TwinServer server,
            Session superuser,
            Session owner,
            Extensions extensions,
            Map<KeyCounter.Column, KeyCounts> keptCounts)
            throws SQLException {
        this.extensions = extensions;
        this.superuser = superuser;
        this.owner = owner;
        derived = new DerivedStatistics(superuser, owner);
        sizer = new IndexSizer(superuser, owner, server, keptCounts);
    }

    /** Creates what {@link #create} needs, in a twin that is being built. */
    static void prepare(Session superuser) throws SQLException {
        superuser.execute(Sql.load(Twin.class, "prepare", superuser.version()) + "CREATE SCHEMA "
                + ExtendedStatisticsRestorer.SCRATCH_SCHEMA + " AUTHORIZATION " + TwinServer.ROLE
                + "; GRANT USAGE ON SCHEMA hone_twin_private TO " + TwinServer.ROLE
                + "; GRANT INSERT, DELETE ON hone_twin_private.statistics TO " + TwinServer.ROLE);
    }

    void countKeys(KeyCounter counter) {
        sizer.countKeys(counter);
    }

    HypotheticalIndex create(CreateIndex definition) {
        try {
            extensions.needed(definition);
            List<Built> built = build(definition);
            Set<Long> oids = built.stream().map(Built::oid).collect(Collectors.toSet());
            setValid(superuser, oids, false);
            try {
                return finish(definition, built);
            } catch (SQLException | IOException | RuntimeException e) {
                dropFromCatalog(definition);
                throw e;
            }
        } catch (SQLException e) {
            throw failed("Cannot " + definition.title() + " in the twin", e);
        } catch (IOException e) {
            throw Twin.unchecked(e);
        }
    }

    private HypotheticalIndex finish(CreateIndex definition, List<Built> built) throws SQLException, IOException {
        Set<Long> oids = built.stream().map(Built::oid).collect(Collectors.toSet());
        List<Long> leaves =
                built.stream().filter(Built::leaf).map(Built::oid).sorted().toList();
        long pages = 0;
        double rows = 0;
        StringBuilder update = new StringBuilder();
        for (long leaf : leaves) {
            if (!definition.keys().stream().allMatch(PLAIN_COLUMN.asMatchPredicate())) {
                derived.derive(leaf);
            }
            Estimate estimate = sizer.estimate(leaf);
            RelationFile file = estimate.file();
            long number = estimate.fileNumber();
            if (estimate.size().buffered()) {
                // The server has pages of the file it made in its buffers, and would not see them changed.
                number = nextFile++;
                file = file.copy(Long.toString(number));
            }
            estimate.size().write(file);
            file.extendTo(estimate.size().pages());
            pages += estimate.size().pages();
            rows += estimate.rows();
            update.append("UPDATE pg_class SET relpages = ")
                    .append(estimate.size().pages())
                    .append(", reltuples = ")
                    .append(estimate.rows())
                    .append(", relfilenode = ")
                    .append(number)
                    .append(" WHERE oid = ")
                    .append(leaf)
                    .append(';');
        }
        superuser.execute(update + validity(oids, true));
        HypotheticalIndex index =
                new HypotheticalIndex(definition, built.getFirst().oid(), pages * RelationFile.PAGE_BYTES, pages, rows);
        all.put(index, oids);
        visible.add(index);
        return index;
    }

    /**
     * A part of an index.
     *
     * @param leaf whether it has a file
     */
    private record Built(long oid, boolean leaf) {}

    /** Creates the index over no rows; gives it, and then the parts of a partitioned one. */
    private List<Built> build(CreateIndex definition) throws SQLException {
        record Storage(long oid, long file, int pages, String tuples, int visiblePages, int frozenPages) {}
        String table = "(SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = "
                + Sql.literal(definition.schema()) + " AND c.relname = " + Sql.literal(definition.table()) + ")";
        List<Storage> heaps = superuser.query(
                "SELECT oid::bigint, relfilenode::bigint, relpages, reltuples::text, relallvisible, "
                        + (superuser.version().isAtLeast(18) ? "relallfrozen" : "0")
                        + " FROM pg_class WHERE relkind IN ('r', 'm') AND (oid = " + table
                        + " OR oid IN (SELECT relid FROM pg_partition_tree(" + table + "::regclass)))",
                row -> new Storage(
                        row.getLong(1), row.getLong(2), row.getInt(3), row.getString(4), row.getInt(5), row.getInt(6)));
        String oids = heaps.isEmpty()
                ? "0"
                : heaps.stream().map(heap -> Long.toString(heap.oid())).collect(Collectors.joining(", "));
        superuser.execute("UPDATE pg_class SET relfilenode = (SELECT relfilenode FROM pg_class WHERE oid = '" + NO_ROWS
                + "'::regclass) WHERE oid IN (" + oids + ")");
        try {
            owner.execute("BEGIN READ WRITE; " + definition.statement(false) + "; COMMIT");
        } catch (SQLException e) {
            owner.execute("ROLLBACK");
            throw e;
        } finally {
            List<String> back = new ArrayList<>();
            for (Storage heap : heaps) {
                back.add("UPDATE pg_class SET relfilenode = " + heap.file() + ", relpages = " + heap.pages()
                        + ", reltuples = " + heap.tuples() + ", relallvisible = " + heap.visiblePages()
                        + (superuser.version().isAtLeast(18) ? ", relallfrozen = " + heap.frozenPages() : "")
                        + " WHERE oid = " + heap.oid());
            }
            if (!back.isEmpty()) {
                superuser.execute(String.join("; ", back));
            }
        }
        List<Built> built = superuser.query(
                "SELECT c.oid::bigint, c.relkind = 'i' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                        + " WHERE n.nspname = " + Sql.literal(definition.schema()) + " AND c.relname = "
                        + Sql.literal(definition.name()),
                HypotheticalIndexes::built);
        if (built.isEmpty()) {
            throw new SQLException("the index is not in the catalog");
        }
        return built.getFirst().leaf()
                ? built
                : superuser.query(
                        "SELECT t.relid::bigint, t.isleaf FROM pg_partition_tree("
                                + built.getFirst().oid() + "::regclass) t ORDER BY t.level, t.relid",
                        HypotheticalIndexes::built);
    }

    private static Built built(ResultSet row) throws SQLException {
        return new Built(row.getLong(1), row.getBoolean(2));
    }

    void drop(HypotheticalIndex index) {
        if (all.remove(index) == null) {
            return;
        }
        visible.remove(index);
        try {
            dropFromCatalog(index.definition());
        } catch (SQLException e) {
            throw failed("Cannot drop " + index.definition().subject() + " from the twin", e);
        }
    }

    private void dropFromCatalog(CreateIndex definition) throws SQLException {
        owner.execute("BEGIN READ WRITE; DROP INDEX " + definition.subject() + "; COMMIT");
    }

    void show(Collection<HypotheticalIndex> wanted) {
        Set<Long> show = new HashSet<>();
        Set<Long> hide = new HashSet<>();
        Set<HypotheticalIndex> asked = Set.copyOf(wanted);
        all.forEach((index, oids) -> {
            if (asked.contains(index) && !visible.contains(index)) {
                show.addAll(oids);
            } else if (!asked.contains(index) && visible.contains(index)) {
                hide.addAll(oids);
            }
        });
        try {
            // In one round trip: it is the most frequent thing that the twin is asked.
            String sql = Stream.of(validity(hide, false), validity(show, true))
                    .filter(one -> !one.isEmpty())
                    .collect(Collectors.joining("; "));
            if (!sql.isEmpty()) {
                superuser.execute(sql);
            }
            visible.clear();
            asked.stream().filter(all::containsKey).forEach(visible::add);
        } catch (SQLException e) {
            throw failed("Cannot hide or show hypothetical indexes", e);
        }
    }

    /** Those of the indexes that the planner may use. */
    static Set<Long> valid(Session superuser, Set<Long> indexes) throws SQLException {
        return indexes.isEmpty()
                ? Set.of()
                : new HashSet<>(superuser.query(
                        "SELECT indexrelid::bigint FROM pg_index WHERE indisvalid AND indexrelid IN (" + join(indexes)
                                + ")",
                        row -> row.getLong(1)));
    }

    static void setValid(Session superuser, Set<Long> indexes, boolean valid) throws SQLException {
        if (!indexes.isEmpty()) {
            superuser.execute(validity(indexes, valid));
        }
    }

    private static String validity(Set<Long> indexes, boolean valid) {
        return indexes.isEmpty()
                ? ""
                : "UPDATE pg_index SET indisvalid = " + valid + " WHERE indexrelid IN (" + join(indexes) + ")";
    }

    /**
     * A relation and, where it is partitioned, all that it consists of.
     *
     * @param oid an oid, or a scalar query for one
     */
    static Set<Long> tree(Session superuser, String oid) throws SQLException {
        return new HashSet<>(superuser.query(
                "SELECT q.oid::bigint FROM (SELECT (" + oid + ")::oid AS oid) q WHERE q.oid IS NOT NULL"
                        + " UNION SELECT t.relid::oid::bigint FROM pg_partition_tree((" + oid + ")::regclass) t",
                row -> row.getLong(1)));
    }

    static HoneException failed(String what, SQLException e) {
        return HoneException.failed(what + ": " + Session.reason(e), "The database is unchanged.", e);
    }

    private static String join(Set<Long> oids) {
        return oids.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }
}
