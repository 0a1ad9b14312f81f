package dev.hone.cli;

import dev.hone.cli.Terminal.Style;
import dev.hone.measure.LoadResult;
import java.util.stream.Collectors;

/** A load's result for people. */
final class LoadText {

    private static final String[] BLOCKS = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

    private final Terminal terminal;

    LoadText(Terminal terminal) {
        this.terminal = terminal;
    }

    void print(LoadResult result) {
        terminal.println("%s on PostgreSQL %s: %s, %s s measured after %s s of warm-up, latencies in ms"
                .formatted(
                        terminal.styled(Style.BOLD, result.script()),
                        result.serverVersion(),
                        Words.count(result.connections(), "connection", "connections"),
                        Words.number(result.seconds()),
                        Words.number(result.warmUpSeconds())));
        Table table =
                new Table(terminal, "request", "count", "per second", "mean", "p50", "p95", "p99", "max", "errors");
        result.requests().forEach(request -> row(table, request.name(), request));
        row(table, terminal.styled(Style.BOLD, "total"), result.total());
        table.print();
        terminal.println("  answered per second over time  " + sparkline(result));
        terminal.println("  sequential scans %s of all scans, index use %s; client CPU %s of %s"
                .formatted(
                        Words.percent(result.database().sequentialScanShare()),
                        Words.percent(result.database().indexUseShare()),
                        Words.percent(result.client().cpuSeconds()
                                / result.seconds()
                                / result.client().cores()),
                        Words.count(result.client().cores(), "core", "cores")));
        result.total()
                .errors()
                .forEach((state, failure) -> terminal.println("  " + terminal.styled(Style.RED, "errors ") + state
                        + ": " + failure.count() + " × " + failure.example()));
        for (String warning : result.warnings()) {
            terminal.println(Paragraph.wrap("  " + terminal.styled(Style.YELLOW, "▲ "), warning, terminal.columns()));
        }
    }

    private static void row(Table table, String name, LoadResult.Request request) {
        LoadResult.Latency latency = request.latency();
        table.row(
                name,
                "%,d".formatted(request.count()),
                Words.number(request.perSecond()),
                Words.number(latency.mean()),
                Words.number(latency.p50()),
                Words.number(latency.p95()),
                Words.number(latency.p99()),
                Words.number(latency.max()),
                "%,d".formatted(request.errorCount()));
    }

    /** Throughput slice by slice, the highest a full block. */
    private static String sparkline(LoadResult result) {
        double most =
                result.perSecondSeries().stream().mapToDouble(d -> d).max().orElse(0);
        return result.perSecondSeries().stream()
                .map(value -> BLOCKS[most <= 0 ? 0 : (int) Math.min(7, Math.floor(value / most * 8))])
                .collect(Collectors.joining());
    }
}
