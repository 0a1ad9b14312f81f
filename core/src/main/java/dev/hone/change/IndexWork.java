package dev.hone.change;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Builds and removes indexes part by part. Not safe for use by several threads at once. */
final class IndexWork {

    private static final String DUPLICATE_OBJECT = "42P07";
    private static final String UNDEFINED_OBJECT = "42704";

    private final Workbench workbench;
    private final Schema schema;

    IndexWork(Workbench workbench) {
        this.workbench = workbench;
        this.schema = workbench.schema();
    }

    /** The statements that build an index from its parts. */
    static List<String> sql(List<IndexPart> parts) {
        List<String> sql = new ArrayList<>();
        parts.stream().filter(IndexPart::partitioned).map(IndexPart::buildSql).forEach(sql::add);
        parts.stream()
                .filter(part -> !part.partitioned())
                .map(IndexPart::buildSql)
                .forEach(sql::add);
        for (IndexPart part : deepestFirst(parts)) {
            String attach = part.attachSql();
            if (attach != null) {
                sql.add(attach);
            }
        }
        parts.forEach(part -> sql.addAll(part.afterwards()));
        return sql;
    }

    private static List<IndexPart> deepestFirst(List<IndexPart> parts) {
        return parts.stream()
                .sorted(Comparator.comparingInt(IndexPart::level).reversed())
                .toList();
    }

    /**
     * Builds an index from its parts; those that are there and valid already stay. If it does not succeed, everything
     * of it that is there is removed before the failure is thrown, unless it was only a pause that took too long.
     *
     * @throws SQLException if the server refused
     * @throws Workbench.Leftover if it failed and what it left could not be removed
     */
    void build(List<IndexPart> parts) throws SQLException {
        try {
            int share = Watch.TOTAL / Math.max(1, parts.size());
            int from = 0;
            for (IndexPart part : parts) {
                if (part.partitioned()) {
                    buildOnParent(part, from, share);
                    from += share;
                }
            }
            for (IndexPart part : parts) {
                if (!part.partitioned()) {
                    workbench.pace(from);
                    buildConcurrently(part, from, share);
                    from += share;
                }
            }
            attach(parts, Math.min(from, Watch.TOTAL));
            for (IndexPart part : parts) {
                for (String sql : part.afterwards()) {
                    workbench.runQueueing(sql, Watch.TOTAL, 0);
                }
            }
            verify(parts);
        } catch (Pacing.Expired e) {
            // What is built is whole, and the next run goes on after it.
            throw e;
        } catch (SQLException e) {
            if (!DUPLICATE_OBJECT.equals(e.getSQLState())) {
                removeAfterFailure(parts, e);
            }
            throw e;
        }
    }

    private void removeAfterFailure(List<IndexPart> parts, SQLException failure) throws Workbench.Leftover {
        try {
            workbench.revive();
            remove(parts);
        } catch (SQLException | RuntimeException e) {
            throw new Workbench.Leftover(failure, e);
        }
    }

    private void buildOnParent(IndexPart part, int from, int share) throws SQLException {
        Optional<Schema.Found> found = schema.find(part.schema(), part.name());
        if (found.isPresent()) {
            requireSame(part, found.get());
        } else {
            workbench.runQueueing(part.buildSql(), from, share);
        }
    }

    private void buildConcurrently(IndexPart part, int from, int share) throws SQLException {
        workbench.again(from, () -> {
            Optional<Schema.Found> found = schema.find(part.schema(), part.name());
            if (found.isPresent()) {
                requireSame(part, found.get());
                if (found.get().valid()) {
                    return;
                }
                removeConcurrently(part, found.get(), from);
            }
            workbench.buildOnce(part.buildSql(), part.tablespace(), from, share);
        });
    }

    private static void requireSame(IndexPart part, Schema.Found found) throws SQLException {
        if (!part.definition().equals(found.definition())) {
            throw new SQLException(
                    "the name " + part.qualifiedName() + " is taken by another object", DUPLICATE_OBJECT);
        }
    }

    private void attach(List<IndexPart> parts, int from) throws SQLException {
        for (IndexPart part : deepestFirst(parts)) {
            String attach = part.attachSql();
            if (attach != null
                    && schema.find(part.schema(), part.name())
                            .map(found -> found.parentName() == null)
                            .orElse(true)) {
                workbench.runQueueing(attach, from, 0);
            }
        }
    }

    /** Success is an index that is valid and is exactly what was asked for; its oid. */
    long verify(List<IndexPart> parts) throws SQLException {
        long oid = 0;
        for (IndexPart part : parts) {
            Schema.Found found = schema.find(part.schema(), part.name()).orElse(null);
            if (found == null || !part.definition().equals(found.definition())) {
                throw new SQLException(
                        "after the build, " + part.qualifiedName() + " is not what was asked for: "
                                + (found == null ? "it is not there" : String.valueOf(found.definition())),
                        "XX000");
            }
            if (!found.valid()) {
                throw new SQLException(
                        "after the build, " + part.qualifiedName() + " is not valid; if a partition was added"
                                + " meanwhile, try again",
                        "XX000");
            }
            if (part.level() == 0) {
                oid = found.oid();
            }
        }
        return oid;
    }

    /** Removes what is there of an index, wherever its definition is the one the journal knows. */
    void remove(List<IndexPart> parts) throws SQLException {
        List<IndexPart> outermostFirst =
                parts.stream().sorted(Comparator.comparingInt(IndexPart::level)).toList();
        for (IndexPart part : outermostFirst) {
            Optional<Schema.Found> found = schema.find(part.schema(), part.name());
            if (found.isEmpty() || !part.definition().equals(found.get().definition())) {
                continue;
            }
            if (part.partitioned()) {
                // Takes those attached to it along.
                workbench.runQueueing(part.dropSql(), 0, Watch.TOTAL);
            } else {
                removeConcurrently(part, found.get(), 0);
            }
        }
    }

    private void removeConcurrently(IndexPart part, Schema.Found found, int from) throws SQLException {
        Optional<Integer> builder = schema.builder(found.oid());
        if (builder.isPresent()) {
            throw new SQLException(
                    "index " + part.qualifiedName() + " is being built by process " + builder.get()
                            + ", which is not of this deployment",
                    "55006");
        }
        try {
            workbench.runPatiently(part.dropSql(), from, 0);
        } catch (SQLException e) {
            if (!UNDEFINED_OBJECT.equals(e.getSQLState())) {
                throw e;
            }
        }
        if (schema.find(part.schema(), part.name()).isPresent()) {
            throw new SQLException("after its removal, " + part.qualifiedName() + " is still there", "XX000");
        }
    }
}
