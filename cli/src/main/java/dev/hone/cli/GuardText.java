package dev.hone.cli;

import dev.hone.cli.Terminal.Style;
import dev.hone.guard.GuardReport;
import dev.hone.guard.GuardResult;
import dev.hone.guard.Role;
import dev.hone.measure.Interval;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a guard found, for people. */
final class GuardText {

    private static final String RATIO = "after ÷ before";
    private static final String NONE = "–";
    private static final int WIDE = 110;
    private static final int SHORT = 60;

    private final Terminal terminal;

    GuardText(Terminal terminal) {
        this.terminal = terminal;
    }

    void print(GuardResult result) {
        DeploymentText deployments = new DeploymentText(terminal);
        if (result.deployment() != null) {
            deployments.printSteps(result.deployment());
        }
        GuardReport report = result.guard();
        if (report != null) {
            print(report, result.undo() == null || result.undo().complete());
        }
        if (result.undo() != null) {
            deployments.printSteps(result.undo());
        }
        line("", result.next());
    }

    private void print(GuardReport report, boolean complete) {
        if (!report.rows().isEmpty()) {
            boolean wide = terminal.columns() >= WIDE;
            Table table = wide
                    ? new Table(terminal, "query", "calls", "figure", "before", "after", "load", RATIO, "")
                    : new Table(terminal, "query", "figure", "before", "after", RATIO, "");
            report.rows().forEach(row -> print(table, row, wide));
            table.print();
        }
        report.notes().forEach(note -> line(terminal.styled(Style.YELLOW, "▲ "), note));
        switch (report.verdict()) {
            case KEPT ->
                line(
                        terminal.styled(Style.GREEN, "✔ kept  "),
                        "Nothing that uses what was changed got slower than it may, in " + report.windowsAfter()
                                + " windows after against " + report.windowsBefore() + " before.");
            case INCONCLUSIVE ->
                line(
                        terminal.styled(Style.YELLOW, "? left  "),
                        "Nothing was seen to get worse, and there was too little evidence to call it good.");
            case ROLLED_BACK ->
                report.reasons()
                        .forEach(reason -> line(
                                terminal.styled(Style.RED, complete ? "✖ taken back  " : "✖ to be taken back  "),
                                reason));
        }
    }

    private void print(Table table, GuardReport.Row row, boolean wide) {
        boolean control = row.role() == Role.CONTROL;
        Double after = row.after();
        Double compared = control && after != null ? Double.valueOf(after / row.before()) : row.ratio();
        String ratio = compared == null ? NONE : ratio(compared) + (control ? "" : interval(row.interval()));
        String millis = after == null ? NONE : Words.millis(after);
        String change = switch (row.change()) {
            case FASTER -> terminal.styled(Style.GREEN, "✔ " + row.change().words());
            case SLOWER -> terminal.styled(Style.RED, "✖ " + row.change().words());
            case WITHIN, ANNOUNCED -> "✔ " + row.change().words();
            case UNCERTAIN, TOO_FEW ->
                terminal.styled(Style.YELLOW, "? " + row.change().words());
            case CONTROL -> terminal.styled(Style.DIM, row.change().words());
        };
        if (wide) {
            table.row(
                    row.text(),
                    String.format(Locale.ROOT, "%,d → %,d", row.requestsBefore(), row.requestsAfter()),
                    row.figure(),
                    Words.millis(row.before()),
                    millis,
                    control || row.load() == 1 ? NONE : ratio(row.load()),
                    ratio,
                    change);
        } else {
            table.row(shortened(row.text()), row.figure(), Words.millis(row.before()), millis, ratio, change);
        }
    }

    private static String shortened(String text) {
        return text.length() <= SHORT ? text : text.substring(0, SHORT - 1) + "…";
    }

    private static String interval(@Nullable Interval interval) {
        return interval == null ? "" : String.format(Locale.ROOT, " (%.2f–%.2f)", interval.lower(), interval.upper());
    }

    private static String ratio(double value) {
        return String.format(Locale.ROOT, value < 0.1 ? "%.4f×" : "%.2f×", value);
    }

    private void line(String prefix, String text) {
        terminal.println(Paragraph.wrap(prefix, text, terminal.columns()));
    }
}
