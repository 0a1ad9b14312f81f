package dev.hone.twin;

import dev.hone.postgres.Statistics;
import dev.hone.postgres.Statistics.ColumnStatistics;
import dev.hone.postgres.Statistics.ExtendedStatistics;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Statistics with something wrong in every row. */
final class BrokenStatistics {

    private final Random random;

    BrokenStatistics(long seed) {
        random = new Random(seed);
    }

    Statistics of(Statistics good) {
        return new Statistics(
                good.columns().stream().map(this::broken).toList(),
                good.extended().stream().map(this::broken).toList(),
                good.expressions());
    }

    private ColumnStatistics broken(ColumnStatistics c) {
        int what = random.nextInt(12);
        return new ColumnStatistics(
                c.schema(),
                c.relation(),
                c.column(),
                c.inherited(),
                what == 0 ? Float.NaN : what == 1 ? 1e30f : c.nullFraction(),
                what == 2 ? -7 : c.averageWidth(),
                what == 3 ? Float.NEGATIVE_INFINITY : what == 4 ? -99 : c.distinct(),
                what == 5 ? "{1,2,3,4,5,6,7,8,9" : array(c.mostCommonValues(), what == 6),
                what == 7 ? "{NaN,2,-1}" : array(c.mostCommonFrequencies(), what == 8),
                what == 9 ? "{z,NULL,a}" : array(c.histogramBounds(), what == 10),
                what == 11 ? Float.valueOf(Float.NaN) : c.correlation(),
                c.mostCommonElements(),
                array(c.mostCommonElementFrequencies(), true),
                c.elementCountHistogram(),
                c.rangeLengthHistogram(),
                c.rangeEmptyFraction(),
                array(c.rangeBoundsHistogram(), true));
    }

    /** Cuts a text in the middle, swaps characters or leaves but one element. */
    private @Nullable String array(@Nullable String text, boolean destroy) {
        if (text == null || !destroy) {
            return text;
        }
        return switch (random.nextInt(3)) {
            case 0 -> text.substring(0, text.length() / 2);
            case 1 -> text.replace(',', '"');
            default -> text.replaceFirst(",.*", "}");
        };
    }

    private ExtendedStatistics broken(ExtendedStatistics e) {
        return new ExtendedStatistics(
                e.schema(),
                e.name(),
                e.inherited(),
                e.columns(),
                e.expressions(),
                bytes(e.distinct()),
                bytes(e.dependencies()),
                array(e.mostCommonValues(), random.nextBoolean()),
                array(e.mostCommonNulls(), random.nextBoolean()),
                array(e.mostCommonFrequencies(), random.nextBoolean()),
                e.mostCommonBaseFrequencies());
    }

    private @Nullable String bytes(@Nullable String hex) {
        if (hex == null) {
            return null;
        }
        int at = random.nextInt(hex.length() / 2) * 2;
        return switch (random.nextInt(3)) {
            case 0 -> hex.substring(0, at);
            case 1 -> hex.substring(0, at) + "ff" + hex.substring(at + 2);
            default -> hex + "00";
        };
    }
}
