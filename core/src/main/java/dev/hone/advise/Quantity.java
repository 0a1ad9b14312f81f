package dev.hone.advise;

import java.util.Locale;

/** Amounts in words, with as many digits as say something. */
final class Quantity {

    /** A smaller difference of cost is none: the planner's estimates are much coarser. */
    private static final double SAME_COST = 0.001;

    /** And of size: pages come in whole numbers. */
    private static final double SAME_SIZE = 0.02;

    private Quantity() {}

    /** Planner units. */
    static String units(double cost) {
        return String.format(Locale.ROOT, cost < 100 ? "%,.1f" : "%,.0f", cost);
    }

    /** Bytes in powers of 1024, under PostgreSQL's names for them. */
    static String bytes(long bytes) {
        if (bytes < 1024) {
            return bytes + " bytes";
        }
        return bytes < 10L << 20
                ? String.format(Locale.ROOT, "%,d kB", bytes >> 10)
                : String.format(Locale.ROOT, "%,d MB", bytes >> 20);
    }

    static String calls(double calls) {
        return calls == 1
                ? "1 call"
                : String.format(
                        Locale.ROOT, calls < 10 && calls != Math.rint(calls) ? "%,.3g calls" : "%,.0f calls", calls);
    }

    /** What a query gets: "260 times cheaper", "12 % cheaper". */
    static String cheaper(double before, double after) {
        return after > 0 && before >= 2 * after
                ? times(before / after) + " times cheaper"
                : percent((before - after) / before) + " cheaper";
    }

    /** What a workload costs instead: "3.4 times as much", "12 % more". */
    static String dearer(double now, double then) {
        return now > 0 && then >= 2 * now
                ? times(then / now) + " times as much"
                : percent((then - now) / now) + " more";
    }

    /** How an alternative compares: "12 % larger and no cheaper". */
    static String weighed(long bytes, long otherBytes, double cost, double otherCost) {
        double larger = bytes <= 0 ? 0 : (double) otherBytes / bytes - 1;
        double dearer = cost <= 0 ? 0 : otherCost / cost - 1;
        String size = Math.abs(larger) <= SAME_SIZE
                ? "As large"
                : larger >= 1
                        ? times(larger + 1) + " times as large"
                        : larger > 0 ? percent(larger) + " larger" : percent(-larger) + " smaller";
        boolean better = larger < -SAME_SIZE;
        if (Math.abs(dearer) <= SAME_COST) {
            return size + (better ? ", but it serves less well what is to come." : " and no cheaper.");
        }
        return dearer > 0
                ? size + (better ? ", but" : ", and") + " the workload would cost " + dearer(cost, otherCost) + "."
                : size + ", and the workload would be only " + percent(-dearer) + " cheaper.";
    }

    private static String times(double ratio) {
        return String.format(Locale.ROOT, ratio < 9.95 ? "%.1f" : "%,.0f", ratio);
    }

    /** A share, to two digits. */
    static String percent(double share) {
        double hundredths = 100 * share;
        if (hundredths < 0.01) {
            return "less than 0.01 %";
        }
        int digits = hundredths >= 9.95 ? 0 : hundredths >= 0.995 ? 1 : hundredths >= 0.0995 ? 2 : 3;
        return String.format(Locale.ROOT, "%." + digits + "f %%", hundredths);
    }
}
