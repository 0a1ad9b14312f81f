package dev.hone.cli;

import dev.hone.cli.Terminal.Style;
import dev.hone.verify.Verification;
import java.util.List;
import java.util.Locale;

/** What trying advice showed, query by query, for people. */
final class VerificationText {

    private static final int MOST = 30;

    private final Terminal terminal;

    VerificationText(Terminal terminal) {
        this.terminal = terminal;
    }

    void print(Verification found) {
        terminal.println("");
        terminal.println(terminal.styled(Style.BOLD, "Measured at " + found.where() + ", " + found.unit()));
        Table table = new Table(terminal, "query", "before", "after", "estimated", "measured (95 %)", "");
        List<Verification.Query> queries = found.queries();
        for (Verification.Query query : queries.subList(0, Math.min(MOST, queries.size()))) {
            table.row(
                    query.id(),
                    Words.millis(query.beforeMillis()),
                    Words.millis(query.afterMillis()),
                    ratio(query.estimatedRatio()),
                    query.samePlan()
                            ? "–"
                            : ratio(query.measuredRatio()) + " ("
                                    + ratio(query.interval().lower()) + " – "
                                    + ratio(query.interval().upper()) + ")",
                    query.samePlan() ? "same plan" : verdict(query));
        }
        table.print();
        if (queries.size() > MOST) {
            terminal.println("  … and " + (queries.size() - MOST) + " more, of less weight");
        }
        terminal.println("  the workload measured: %s of the time; estimated: %s of the cost"
                .formatted(Words.percent(found.measuredRatio()), Words.percent(found.estimatedRatio())));
    }

    private String verdict(Verification.Query query) {
        Style style = switch (query.difference()) {
            case FASTER -> Style.GREEN;
            case SLOWER -> Style.RED;
            case NONE -> Style.DIM;
        };
        return terminal.styled(style, query.difference().words());
    }

    private static String ratio(double ratio) {
        return String.format(Locale.ROOT, ratio < 0.1 ? "%.3f" : "%.2f", ratio);
    }
}
