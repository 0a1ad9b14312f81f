package dev.hone.cli;

import dev.hone.cli.Terminal.Style;
import dev.hone.measure.Interval;
import dev.hone.measure.Result;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Targets and what was measured of them, for people. */
final class ResultText {

    private final Terminal terminal;

    ResultText(Terminal terminal) {
        this.terminal = terminal;
    }

    void print(List<Result> results) {
        Table table = new Table(terminal, "target", "before", "after", "95 % confidence", "verdict");
        for (Result result : results) {
            String unit = result.target().unit();
            table.row(
                    result.target().describe(),
                    figure(result.before(), unit),
                    figure(result.after(), unit),
                    interval(result.interval(), unit),
                    switch (result.verdict()) {
                                case PASS -> terminal.styled(Style.GREEN, "✔ pass");
                                case FAIL -> terminal.styled(Style.RED, "✖ missed");
                                case INCONCLUSIVE -> terminal.styled(Style.YELLOW, "? inconclusive");
                            }
                            + (result.note() == null ? "" : ": " + result.note()));
        }
        table.print();
    }

    private static String interval(@Nullable Interval interval, String unit) {
        return interval == null || interval.lower() == interval.upper()
                ? "–"
                : figure(interval.lower(), unit) + " – " + figure(interval.upper(), unit);
    }

    private static String figure(@Nullable Double value, String unit) {
        if (value == null) {
            return "–";
        }
        return switch (unit) {
            case "share" -> Words.percent(value);
            case "x" -> Words.number(value) + "×";
            case "/s" -> Words.number(value) + " /s";
            default -> Words.number(value) + " " + unit;
        };
    }
}
