package dev.hone.twin;

import dev.hone.change.CreateIndex;
import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A change that the twin can pretend, so that its planner answers as if it had been made. Immutable values. */
public sealed interface WhatIf {

    /** What it does, in a few words. */
    String title();

    /**
     * An index that does not exist.
     *
     * @param ignored what its statement says and the twin does not heed, for people; empty for nothing
     */
    record NewIndex(CreateIndex definition, List<String> ignored) implements WhatIf {
        public NewIndex {
            ignored = List.copyOf(ignored);
        }

        @Override
        public String title() {
            return definition.title();
        }
    }

    /** An index of the source that is gone, also where a constraint rests on it. */
    record NoIndex(String schema, String index) implements WhatIf {
        @Override
        public String title() {
            return "without index " + Sql.identifier(schema, index);
        }
    }

    /**
     * A setting of the planner.
     *
     * @param value as in {@code SET}, with a unit where it has one
     */
    record Setting(String name, String value) implements WhatIf {
        @Override
        public String title() {
            return "set " + name + " = " + value;
        }
    }

    /**
     * A column's number of distinct values, as {@code ALTER COLUMN … SET (n_distinct = …)} and the next ANALYZE would
     * have it.
     *
     * @param distinct if negative, the share of distinct values among all rows, negated; -1 for a unique column
     */
    record DistinctValues(String schema, String table, String column, double distinct) implements WhatIf {
        public DistinctValues {
            if (!(distinct >= -1) || distinct == 0 || Double.isInfinite(distinct)) {
                throw new IllegalArgumentException("n_distinct is above 0, or from -1 to 0, not " + distinct);
            }
        }

        @Override
        public String title() {
            return "set n_distinct = " + distinct + " of " + Sql.identifier(column) + " of "
                    + Sql.identifier(schema, table);
        }
    }

    /**
     * An extended statistics object. What it would say of the data only the data can say: without measurements the
     * planner learns nothing from it but what follows from unique and constant columns.
     *
     * @param statement the whole {@code CREATE STATISTICS}
     * @param measured what was measured on the source
     */
    record NewStatistics(String statement, Measured measured) implements WhatIf {
        @Override
        public String title() {
            return statement.strip().replaceAll("\\s+", " ");
        }
    }

    /**
     * Measurements for a statistics object.
     *
     * @param distinct number of distinct combinations of columns, by their names
     * @param dependencies share of rows, from 0 to 1, in which some columns determine another
     */
    record Measured(Map<List<String>, Double> distinct, Map<Dependency, Double> dependencies) {

        public static final Measured NOTHING = new Measured(Map.of(), Map.of());

        public Measured {
            distinct = Map.copyOf(distinct);
            dependencies = Map.copyOf(dependencies);
        }
    }

    /** That some columns determine another. */
    record Dependency(List<String> columns, String determined) {
        public Dependency {
            columns = List.copyOf(columns);
        }
    }

    /** A table divided into partitions by one column. Its indexes are divided with it. */
    record Partitioned(String schema, String table, String column, Scheme scheme) implements WhatIf {
        @Override
        public String title() {
            return "partition " + Sql.identifier(schema, table) + " by " + scheme.title(column);
        }
    }

    /** How a table is divided. */
    sealed interface Scheme {

        /** As it stands after {@code PARTITION BY}. */
        String title(String column);
    }

    /**
     * By ranges of equal length, from the least to the greatest value that the statistics know.
     *
     * @param step an interval such as {@code 1 month}, or a number for a column of numbers
     */
    record Every(String step) implements Scheme {
        @Override
        public String title(String column) {
            return "range (" + Sql.identifier(column) + ") every " + step;
        }
    }

    /**
     * By ranges between given bounds.
     *
     * @param bounds ascending, in the text form of the column's type; below the first and from the last on are
     *     partitions of their own
     */
    record Between(List<String> bounds) implements Scheme {
        public Between {
            bounds = List.copyOf(bounds);
            if (bounds.isEmpty()) {
                throw new IllegalArgumentException("no bounds");
            }
        }

        @Override
        public String title(String column) {
            return "range (" + Sql.identifier(column) + ") at "
                    + bounds.stream().map(Sql::literal).collect(Collectors.joining(", "));
        }
    }

    /** By hash. */
    record Hash(int partitions) implements Scheme {
        public Hash {
            if (partitions < 2 || partitions > 1000) {
                throw new IllegalArgumentException("2 to 1,000 partitions, not " + partitions);
            }
        }

        @Override
        public String title(String column) {
            return "hash (" + Sql.identifier(column) + ") into " + partitions;
        }
    }
}
