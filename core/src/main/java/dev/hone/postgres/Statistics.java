package dev.hone.postgres;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the planner knows of the data: the rows of pg_stats, pg_stats_ext and pg_stats_ext_exprs that we may see. */
public record Statistics(
        List<ColumnStatistics> columns, List<ExtendedStatistics> extended, List<ExpressionStatistics> expressions) {

    public static final Statistics EMPTY = new Statistics(List.of(), List.of(), List.of());

    public Statistics {
        columns = List.copyOf(columns);
        extended = List.copyOf(extended);
        expressions = List.copyOf(expressions);
    }

    /** A row of pg_stats; arrays of values stay in PostgreSQL's text form, since their element types differ. */
    public record ColumnStatistics(
            String schema,
            String relation,
            String column,
            boolean inherited,
            float nullFraction,
            int averageWidth,
            float distinct,
            @Nullable String mostCommonValues,
            @Nullable String mostCommonFrequencies,
            @Nullable String histogramBounds,
            @Nullable Float correlation,
            @Nullable String mostCommonElements,
            @Nullable String mostCommonElementFrequencies,
            @Nullable String elementCountHistogram,
            @Nullable String rangeLengthHistogram,
            @Nullable Float rangeEmptyFraction,
            @Nullable String rangeBoundsHistogram) {

        /** The same row with what is known of a column of ranges. */
        ColumnStatistics withRanges(RangeStatistics ranges) {
            return new ColumnStatistics(
                    schema,
                    relation,
                    column,
                    inherited,
                    nullFraction,
                    averageWidth,
                    distinct,
                    mostCommonValues,
                    mostCommonFrequencies,
                    histogramBounds,
                    correlation,
                    mostCommonElements,
                    mostCommonElementFrequencies,
                    elementCountHistogram,
                    ranges.lengthHistogram(),
                    ranges.emptyFraction(),
                    ranges.boundsHistogram());
        }
    }

    /** What pg_stats does not show of a column of ranges before version 17. */
    record RangeStatistics(
            String schema,
            String relation,
            String column,
            boolean inherited,
            @Nullable String lengthHistogram,
            @Nullable Float emptyFraction,
            @Nullable String boundsHistogram) {

        boolean isOf(ColumnStatistics row) {
            return inherited == row.inherited()
                    && column.equals(row.column())
                    && relation.equals(row.relation())
                    && schema.equals(row.schema());
        }
    }

    /**
     * A row of pg_stats_ext.
     *
     * @param distinct the image of pg_ndistinct, hexadecimal
     * @param dependencies the image of pg_dependencies, hexadecimal
     * @param mostCommonValues JSON array of arrays of texts
     * @param mostCommonNulls JSON array of arrays of booleans
     * @param mostCommonFrequencies JSON array of numbers
     * @param mostCommonBaseFrequencies JSON array of numbers
     */
    public record ExtendedStatistics(
            String schema,
            String name,
            boolean inherited,
            List<String> columns,
            List<String> expressions,
            @Nullable String distinct,
            @Nullable String dependencies,
            @Nullable String mostCommonValues,
            @Nullable String mostCommonNulls,
            @Nullable String mostCommonFrequencies,
            @Nullable String mostCommonBaseFrequencies) {}

    /** A row of pg_stats_ext_exprs. */
    public record ExpressionStatistics(
            String schema,
            String name,
            boolean inherited,
            String expression,
            @Nullable Float nullFraction,
            @Nullable Integer averageWidth,
            @Nullable Float distinct,
            @Nullable String mostCommonValues,
            @Nullable String mostCommonFrequencies,
            @Nullable String histogramBounds,
            @Nullable Float correlation,
            @Nullable String mostCommonElements,
            @Nullable String mostCommonElementFrequencies,
            @Nullable String elementCountHistogram) {}
}
