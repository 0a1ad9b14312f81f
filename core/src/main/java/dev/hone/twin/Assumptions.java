package dev.hone.twin;

import dev.hone.HoneException;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Pretends in a twin what a WhatIf says, and takes it back. */
final class Assumptions {

    private record Row(boolean inherited, String distinct) {}

    private final Session superuser;
    private final Session owner;
    private final HypotheticalStatistics statistics;
    private final HypotheticalPartitions partitions;

    Assumptions(TwinServer server, Session superuser, Session owner, Snapshot snapshot) {
        this.superuser = superuser;
        this.owner = owner;
        statistics = new HypotheticalStatistics(superuser, owner);
        partitions = new HypotheticalPartitions(server, superuser, owner, snapshot);
    }

    Assumption assume(Twin twin, WhatIf whatIf) {
        try {
            return switch (whatIf) {
                case WhatIf.NewIndex one -> newIndex(twin, one);
                case WhatIf.NoIndex one -> noIndex(twin, one);
                case WhatIf.Setting one -> setting(one);
                case WhatIf.DistinctValues one -> distinctValues(one);
                case WhatIf.NewStatistics one -> statistics.create(one);
                case WhatIf.Partitioned one -> partitions.create(twin, one);
            };
        } catch (SQLException e) {
            throw HypotheticalIndexes.failed("Cannot pretend to " + whatIf.title(), e);
        } catch (IllegalArgumentException e) {
            throw HoneException.usage(
                    "Cannot pretend to " + whatIf.title() + ": " + e.getMessage(), "Nothing was changed.");
        }
    }

    private static Assumption newIndex(Twin twin, WhatIf.NewIndex one) {
        HypotheticalIndex index = twin.create(one.definition());
        return new Assumption(
                one,
                index,
                one.ignored().stream()
                        .map(what -> "The plan does not take " + what + " into account.")
                        .toList(),
                () -> twin.drop(index));
    }

    private Assumption noIndex(Twin twin, WhatIf.NoIndex one) throws SQLException {
        List<String> notes = new ArrayList<>();
        superuser.query(
                "SELECT format('%I', k.conname), k.contype::text FROM pg_constraint k JOIN pg_class c ON c.oid = k.conindid JOIN"
                        + " pg_namespace n ON n.oid = c.relnamespace WHERE k.contype IN ('p', 'u', 'x') AND n.nspname = "
                        + Sql.literal(one.schema()) + " AND c.relname = " + Sql.literal(one.index()),
                row -> notes.add("The constraint " + row.getString(1) + " rests on " + Sql.identifier(one.index())
                        + ": the index cannot really go without it."));
        twin.hideExisting(one.schema(), one.index(), true);
        return new Assumption(one, null, notes, () -> twin.hideExisting(one.schema(), one.index(), false));
    }

    private Assumption setting(WhatIf.Setting one) throws SQLException {
        PlannerSettings.require(owner, one.name());
        String name = Sql.literal(one.name());
        String before =
                owner.text("SELECT pg_catalog.current_setting(" + name + ")").orElse("");
        set(name, one.value());
        return new Assumption(one, null, List.of(), () -> undo(one, () -> set(name, before)));
    }

    private void set(String name, String value) throws SQLException {
        owner.execute("SELECT pg_catalog.set_config(" + name + ", " + Sql.literal(value) + ", false)");
    }

    private Assumption distinctValues(WhatIf.DistinctValues one) throws SQLException {
        String where =
                " WHERE (starelid, staattnum) = (SELECT a.attrelid, a.attnum FROM pg_attribute a JOIN pg_class c ON"
                        + " c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = "
                        + Sql.literal(one.schema()) + " AND c.relname = " + Sql.literal(one.table())
                        + " AND a.attname = "
                        + Sql.literal(one.column()) + " AND a.attnum > 0)";
        List<Row> before = superuser.query(
                "SELECT stainherit, stadistinct FROM pg_statistic" + where,
                row -> new Row(row.getBoolean(1), row.getString(2)));
        if (before.isEmpty()) {
            throw new IllegalArgumentException("nothing is known of this column; ANALYZE the table first");
        }
        superuser.execute("UPDATE pg_statistic SET stadistinct = " + one.distinct() + where);
        return new Assumption(
                one,
                null,
                List.of(),
                () -> undo(one, () -> {
                    for (Row row : before) {
                        superuser.execute("UPDATE pg_statistic SET stadistinct = '" + row.distinct() + "'" + where
                                + " AND stainherit = " + row.inherited());
                    }
                }));
    }

    @FunctionalInterface
    interface Undo {
        void run() throws SQLException;
    }

    static void undo(WhatIf whatIf, Undo undo) {
        try {
            undo.run();
        } catch (SQLException e) {
            throw HypotheticalIndexes.failed("Cannot stop pretending to " + whatIf.title(), e);
        }
    }
}
