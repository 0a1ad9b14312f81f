package dev.hone.twin;

import dev.hone.postgres.Catalog;
import dev.hone.postgres.Catalog.Relation;
import dev.hone.postgres.Statistics;
import dev.hone.postgres.Statistics.ColumnStatistics;
import dev.hone.postgres.Statistics.ExpressionStatistics;
import dev.hone.postgres.Statistics.ExtendedStatistics;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Statistics and sizes changed at random in ways that nobody would think of; the same seed changes them alike. */
final class MutatedStatistics {

    private static final List<String> TEXTS = List.of(
            "",
            "{",
            "}",
            "{}",
            "{{}}",
            "{NULL}",
            "{\"\"}",
            "{a,b",
            "{\"a}",
            "{a,,b}",
            "{1,2}x",
            "{NaN,NaN}",
            "{Infinity,-Infinity}",
            "{1e309,1}",
            "{-1,-2,-3}",
            "{99999999999999999999999}",
            "[2:3]={1,2}",
            "{{1,2},{3,4}}",
            "{\\x,\\\"}",
            "{\u0000}",
            "{\"a\u0000b\"}",
            "{\uD800}",
            "{\uFFFF,\u202E}",
            "{'; DROP TABLE x; --}",
            "{$$}",
            "{0.5,0.5,0.5}",
            "{2024-13-45}",
            "{empty,\"[5,1)\"}",
            "null",
            "[[\"a\"]]",
            "[[null]]",
            "[1,2]",
            "[[[]]]",
            "{" + "1,".repeat(5_000) + "1}",
            "{\"" + "x".repeat(70_000) + "\"}");

    private static final float[] FLOATS = {
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MAX_VALUE,
        Float.MIN_VALUE,
        -Float.MAX_VALUE,
        -1,
        -0.0f,
        0,
        1,
        1e20f,
        -1e-30f
    };

    private static final int[] INTS = {Integer.MIN_VALUE, -1, 0, 1, 32_768, 1_000_000, Integer.MAX_VALUE};
    private static final long[] LONGS = {Long.MIN_VALUE, -1, 0, 1, 200_000, 4_294_967_295L, 1L << 40, Long.MAX_VALUE};

    private final Random random;
    private final int oneIn;
    private int mutations;

    /** @param oneIn how many values there are for each that is changed */
    MutatedStatistics(long seed, int oneIn) {
        random = new Random(seed);
        this.oneIn = oneIn;
    }

    /** How many values have been changed so far. */
    int mutations() {
        return mutations;
    }

    Statistics of(Statistics good) {
        return new Statistics(
                good.columns().stream().map(this::of).toList(),
                good.extended().stream().map(this::of).toList(),
                good.expressions().stream().map(this::of).toList());
    }

    Catalog of(Catalog c) {
        return new Catalog(
                c.schemas(),
                c.extensions(),
                c.types(),
                c.collations(),
                c.functions(),
                c.sequences(),
                c.relations().stream().map(this::of).toList(),
                c.columns(),
                c.constraints(),
                c.indexes(),
                c.views(),
                c.triggers(),
                c.statisticsObjects());
    }

    private Relation of(Relation r) {
        return new Relation(
                r.oid(),
                r.schema(),
                r.name(),
                r.kind(),
                r.persistence(),
                number(r.pages()),
                number(r.tuples()),
                number(r.allVisiblePages()),
                number(r.allFrozenPages()),
                number(r.currentPages()),
                number(r.totalBytes()),
                r.options(),
                r.partitionKey(),
                r.partitionBound(),
                r.parents(),
                r.accessMethod());
    }

    private ColumnStatistics of(ColumnStatistics c) {
        return new ColumnStatistics(
                c.schema(),
                c.relation(),
                c.column(),
                c.inherited(),
                number(c.nullFraction()),
                number(c.averageWidth()),
                number(c.distinct()),
                text(c.mostCommonValues()),
                text(c.mostCommonFrequencies()),
                text(c.histogramBounds()),
                real(c.correlation()),
                text(c.mostCommonElements()),
                text(c.mostCommonElementFrequencies()),
                text(c.elementCountHistogram()),
                text(c.rangeLengthHistogram()),
                real(c.rangeEmptyFraction()),
                text(c.rangeBoundsHistogram()));
    }

    private ExtendedStatistics of(ExtendedStatistics e) {
        return new ExtendedStatistics(
                e.schema(),
                e.name(),
                e.inherited(),
                e.columns(),
                e.expressions(),
                hex(e.distinct()),
                hex(e.dependencies()),
                text(e.mostCommonValues()),
                text(e.mostCommonNulls()),
                text(e.mostCommonFrequencies()),
                text(e.mostCommonBaseFrequencies()));
    }

    private ExpressionStatistics of(ExpressionStatistics e) {
        Integer width = e.averageWidth();
        return new ExpressionStatistics(
                e.schema(),
                e.name(),
                e.inherited(),
                e.expression(),
                real(e.nullFraction()),
                width == null ? null : Integer.valueOf(number(width)),
                real(e.distinct()),
                text(e.mostCommonValues()),
                text(e.mostCommonFrequencies()),
                text(e.histogramBounds()),
                real(e.correlation()),
                text(e.mostCommonElements()),
                text(e.mostCommonElementFrequencies()),
                text(e.elementCountHistogram()));
    }

    private boolean changes() {
        boolean changes = random.nextInt(oneIn) == 0;
        mutations += changes ? 1 : 0;
        return changes;
    }

    private float number(float good) {
        return changes() ? FLOATS[random.nextInt(FLOATS.length)] : good;
    }

    private double number(double good) {
        return changes() ? FLOATS[random.nextInt(FLOATS.length)] * (random.nextBoolean() ? 1.0 : 1e250) : good;
    }

    private @Nullable Float real(@Nullable Float good) {
        return !changes() ? good : random.nextInt(8) == 0 ? null : Float.valueOf(FLOATS[random.nextInt(FLOATS.length)]);
    }

    private int number(int good) {
        return changes() ? INTS[random.nextInt(INTS.length)] : good;
    }

    private long number(long good) {
        return changes() ? LONGS[random.nextInt(LONGS.length)] : good;
    }

    private @Nullable String text(@Nullable String good) {
        if (!changes()) {
            return good;
        }
        if (good == null || good.isEmpty() || random.nextInt(3) == 0) {
            return random.nextInt(6) == 0 ? null : TEXTS.get(random.nextInt(TEXTS.size()));
        }
        int at = random.nextInt(good.length());
        return switch (random.nextInt(6)) {
            case 0 -> good.substring(0, at);
            case 1 -> good.substring(at);
            case 2 -> good.substring(0, at) + (char) random.nextInt(0x3000) + good.substring(at);
            case 3 -> good.substring(0, at) + good;
            case 4 -> good.replace(',', ';');
            default -> good.substring(0, at) + ",," + good.substring(at);
        };
    }

    private @Nullable String hex(@Nullable String good) {
        if (!changes() || good == null) {
            return good;
        }
        int at = random.nextInt(good.length());
        return switch (random.nextInt(6)) {
            case 0 -> good.substring(0, at);
            case 1 -> good.substring(0, at) + "f" + good.substring(at + 1);
            case 2 -> good + good;
            case 3 -> "";
            case 4 -> "zz" + good;
            default -> good.substring(0, at) + "7fffffff" + good.substring(Math.min(good.length(), at + 8));
        };
    }
}
