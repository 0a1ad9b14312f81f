package dev.hone.cli;

import dev.hone.Json;
import dev.hone.cli.Terminal.Style;
import dev.hone.measure.Comparison;
import dev.hone.measure.Interval;
import dev.hone.measure.LoadResult;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "compare",
        description = "Compare two results of `hone bench`; exits with 1 if something got slower.",
        mixinStandardHelpOptions = true)
final class CompareCommand implements Callable<Integer> {

    private final Main main;

    @Parameters(
            index = "0",
            paramLabel = "BEFORE",
            split = ",",
            arity = "1",
            description = "A file that `hone bench --out` wrote, or several with commas: runs of the same state.")
    private List<Path> before;

    @Parameters(
            index = "1",
            paramLabel = "AFTER",
            split = ",",
            arity = "1",
            description = "The same, of the other state.")
    private List<Path> after;

    @Option(names = "--format", description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} if left out.")
    private Format format = Format.TEXT;

    CompareCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        Comparison comparison = Comparison.of(
                before.stream().map(LoadResult::load).toList(),
                after.stream().map(LoadResult::load).toList());
        switch (format) {
            case TEXT -> print(comparison);
            case JSON -> main.terminal().out().print(Json.pretty(comparison));
        }
        return slower(comparison) ? 1 : 0;
    }

    private static boolean slower(Comparison comparison) {
        return Stream.concat(comparison.requests().stream(), Stream.of(comparison.total()))
                .flatMap(row -> row.figures().stream())
                .anyMatch(figure -> figure.difference() == Comparison.Difference.SLOWER);
    }

    private void print(Comparison comparison) {
        Terminal terminal = main.terminal();
        Table table =
                new Table(terminal, "request", "figure", "before", "after", "after ÷ before", "95 % confidence", "");
        comparison.requests().forEach(row -> rows(table, row));
        rows(table, comparison.total());
        table.print();
        for (String note : comparison.notes()) {
            terminal.println(Paragraph.wrap("  " + terminal.styled(Style.YELLOW, "▲ "), note, terminal.columns()));
        }
    }

    private void rows(Table table, Comparison.Row row) {
        Terminal terminal = main.terminal();
        for (Comparison.Figure figure : row.figures()) {
            String unit = figure.metric().unit().equals("/s")
                    ? ""
                    : " " + figure.metric().unit();
            Interval ratio = figure.ratioInterval();
            table.row(
                    row.name(),
                    figure.metric().title(),
                    Words.number(figure.before()) + unit,
                    Words.number(figure.after()) + unit,
                    ratio(figure.ratio()),
                    ratio(ratio.lower()) + " – " + ratio(ratio.upper()),
                    switch (figure.difference()) {
                        case FASTER ->
                            terminal.styled(Style.GREEN, figure.difference().words());
                        case SLOWER ->
                            terminal.styled(Style.RED, figure.difference().words());
                        case NONE ->
                            terminal.styled(Style.DIM, figure.difference().words());
                    });
        }
    }

    private static String ratio(double value) {
        return String.format(Locale.ROOT, value < 0.1 ? "%.4f" : "%.3f", value);
    }
}
