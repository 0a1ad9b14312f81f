package dev.hone.advise;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** How a recommendation speaks for itself: the same words on a terminal, in Markdown and in HTML. */
public final class Phrases {

    /** How often a query is called: "1 call", "4 calls", "0.25 calls". */
    public static String calls(double calls) {
        return Quantity.calls(calls);
    }

    /** What is said of advice that nobody tried. */
    public static final String NOT_MEASURED = "estimate, not measured";

    private static final int PAIR = 2;

    private Phrases() {}

    /** Whether it was tried, and what came of it: "verified: measured 3.1× faster (2.9–3.4)". */
    public static String evidence(Recommendation one) {
        return one.verified() ? "verified: " + headline(one) : NOT_MEASURED;
    }

    /** The best of what was measured, and whether a query got slower. */
    private static String headline(Recommendation one) {
        List<Measured> best = one.measured().stream()
                .sorted(Comparator.comparingDouble(Measured::measuredRatio))
                .toList();
        long slower = best.stream().filter(Measured::slower).count();
        return "measured " + speed(best.getFirst())
                + (best.size() > 1 ? " for query " + best.getFirst().query() : "")
                + (slower == 0
                        ? ""
                        : "; query " + best.getLast().query() + " " + speed(best.getLast())
                                + (slower > 1 ? " and " + (slower - 1) + " more slower" : ""));
    }

    /** What was measured of one query: "3.1× faster (2.9–3.4), estimated 4.0×". */
    public static String measured(Measured one) {
        return speed(one) + ", by the planner's cost " + change(one.estimatedRatio());
    }

    private static String speed(Measured one) {
        if (!one.faster() && !one.slower()) {
            return String.format(
                    Locale.ROOT,
                    "no faster and no slower (%s–%s of the time)",
                    factor(one.lower()),
                    factor(one.upper()));
        }
        boolean faster = one.faster();
        double low = faster ? 1 / one.upper() : one.lower();
        double high = faster ? inverse(one.lower()) : one.upper();
        return factor(faster ? inverse(one.measuredRatio()) : one.measuredRatio()) + (faster ? "× faster" : "× slower")
                + " (" + factor(low) + "–" + factor(high) + ")";
    }

    private static String change(double ratio) {
        return ratio <= 1 ? factor(inverse(ratio)) + "× cheaper" : factor(ratio) + "× dearer";
    }

    private static double inverse(double ratio) {
        return ratio <= 0 ? Double.POSITIVE_INFINITY : 1 / ratio;
    }

    private static String factor(double factor) {
        return Double.isInfinite(factor)
                ? "∞"
                : String.format(Locale.ROOT, factor < 1.995 ? "%.2f" : factor < 99.5 ? "%.1f" : "%,.0f", factor);
    }

    /** A range of time: "2 to 40 s". */
    public static String buildTime(BuildTime time) {
        if (time.toSeconds() < 1) {
            return "less than a second";
        }
        String to = seconds(time.toSeconds());
        if (time.fromSeconds() < 1) {
            return "up to " + to;
        }
        String from = seconds(time.fromSeconds());
        return from.equals(to) ? "about " + to : from + " to " + to;
    }

    private static String seconds(double seconds) {
        if (seconds < 90) {
            return Math.round(seconds) + " s";
        }
        return seconds < 90 * 60 ? Math.round(seconds / 60) + " min" : Math.round(seconds / 3600) + " h";
    }

    /** What an index costs a statement that writes. */
    public static String upkeep(Recommendation.Upkeep one) {
        StringBuilder text = new StringBuilder("query ")
                .append(PlainText.line(one.query()))
                .append(" writes ")
                .append(amount(one.entriesPerCall()))
                .append(one.entriesPerCall() == 1 ? " entry a call" : " entries a call");
        if (one.hotLostPerCall() > 0) {
            text.append(" and updates ")
                    .append(amount(one.hotLostPerCall()))
                    .append(one.hotLostPerCall() == 1 ? " row" : " rows")
                    .append(" a call in place (HOT) no more");
        }
        return text.append(": ")
                .append(Quantity.units(one.costPerCall()))
                .append(" planner units, ")
                .append(Quantity.percent(one.share()))
                .append(" of the workload's cost")
                .toString();
    }

    private static String amount(double amount) {
        return String.format(
                Locale.ROOT, amount == Math.rint(amount) ? "%,.0f" : amount < 10 ? "%.2g" : "%,.0f", amount);
    }

    /** What it takes on disk, or gives back; empty if it is neither. */
    public static String size(long bytes) {
        if (bytes == 0) {
            return "";
        }
        return bytes > 0 ? Quantity.bytes(bytes) : "gives back " + Quantity.bytes(-bytes);
    }

    /** The whole workload's gain: "falls from 1,000 to 10 (1.0 % of before)". */
    public static String gain(Proposal proposal) {
        return "from " + Quantity.units(proposal.costBefore()) + " to " + Quantity.units(proposal.costAfter()) + " ("
                + Quantity.percent(proposal.costAfter() / proposal.costBefore()) + " of before)";
    }

    /** Some of the effects where there is no room for all: the largest gains, and the largest losses. */
    public static List<Recommendation.Effect> foremost(List<Recommendation.Effect> effects, int most) {
        if (effects.size() <= most) {
            return effects;
        }
        long losses = effects.stream().filter(effect -> !effect.gains()).count();
        int last = (int) Math.min(losses, most / 2);
        List<Recommendation.Effect> some = new ArrayList<>(effects.subList(0, most - last));
        some.addAll(effects.subList(effects.size() - last, effects.size()));
        return some;
    }

    /** What the workload's queries cost before and with all recommendations, dearest first. */
    static List<QueryCost> queries(Proposal proposal) {
        return QueryCost.all(proposal.recommendations());
    }

    /** One or several: "1 change", "3 changes". */
    static String count(int count, String one) {
        return count + " " + one + (count == 1 ? "" : "s");
    }

    /** Names in a row, the rest counted. */
    static String several(List<String> names, int most) {
        List<String> shown = new ArrayList<>(names.subList(0, Math.min(most, names.size())));
        if (names.size() > most) {
            shown.add((names.size() - most) + " more");
        }
        return shown.size() < PAIR
                ? String.join("", shown)
                : String.join(", ", shown.subList(0, shown.size() - 1)) + " and " + shown.getLast();
    }
}
