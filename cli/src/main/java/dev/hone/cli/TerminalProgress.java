package dev.hone.cli;

import dev.hone.Progress;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Set;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Progress on standard error: a bar on a terminal; where there is none, such as in CI, a line when a task begins, one
 * whenever ten more seconds have passed or it waits for others than before, and one when it ends.
 */
final class TerminalProgress implements Progress {

    private static final long LINE_EVERY_NANOS = Duration.ofSeconds(10).toNanos();
    private static final long BLOCKERS_EVERY_NANOS = Duration.ofSeconds(1).toNanos();
    private static final int UPDATE_MILLIS = 100;
    private static final int LABEL_WIDTH = 34;

    private final Terminal terminal;

    TerminalProgress(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Task begin(String label, long total) {
        String visible = terminal.harmless(label);
        return terminal.interactive() ? new Bar(terminal, visible, total) : new Lines(terminal, visible, total);
    }

    private static final class Bar implements Task {
        private final Terminal terminal;
        private final ProgressBar bar;

        Bar(Terminal terminal, String label, long total) {
            this.terminal = terminal;
            bar = new ProgressBarBuilder()
                    .setTaskName(padded(label))
                    .setInitialMax(total)
                    .setStyle(ProgressBarStyle.COLORFUL_UNICODE_BLOCK)
                    .setUpdateIntervalMillis(UPDATE_MILLIS)
                    .setMaxRenderedLength(terminal.columns() - 1)
                    .hideEta()
                    .continuousUpdate()
                    .setConsumer(new ClosedOnce(terminal.err(), terminal.columns() - 1))
                    .build();
        }

        @Override
        public void at(long done, String detail) {
            bar.stepTo(done);
            bar.setExtraMessage(terminal.harmless(detail));
        }

        @Override
        public void close() {
            if (bar.getMax() <= 0) {
                bar.maxHint(1);
            }
            bar.stepTo(bar.getMax());
            bar.setExtraMessage("");
            bar.close();
        }

        private static String padded(String label) {
            return label.length() >= LABEL_WIDTH ? label : label + " ".repeat(LABEL_WIDTH - label.length());
        }
    }

    /** The bar's own thread may draw once more while it is being closed, which would leave the line there twice. */
    private static final class ClosedOnce extends ConsoleProgressBarConsumer {
        private boolean closed;

        ClosedOnce(PrintStream out, int columns) {
            super(out, columns);
        }

        @Override
        public synchronized void accept(String line) {
            if (!closed) {
                super.accept(line);
            }
        }

        @Override
        public synchronized void close() {
            if (!closed) {
                closed = true;
                super.close();
            }
        }
    }

    private static final class Lines implements Task {
        private final Terminal terminal;
        private final String label;
        private final long total;
        private final long begun = System.nanoTime();
        private long lastLine = begun;
        private long lastBlockersLine = begun - BLOCKERS_EVERY_NANOS;
        private Set<Integer> blockers = Set.of();

        Lines(Terminal terminal, String label, long total) {
            this.terminal = terminal;
            this.label = label;
            this.total = total;
            terminal.err().println(label + " …");
        }

        @Override
        public synchronized void at(long done, String detail) {
            blockers = Set.of();
            long now = System.nanoTime();
            if (now - lastLine >= LINE_EVERY_NANOS) {
                line(done, detail, now);
            }
        }

        /** Whoever waits here may want to do something about it. */
        @Override
        public synchronized void waiting(long done, String detail, Set<Integer> by) {
            long now = System.nanoTime();
            boolean others = !by.equals(blockers) && now - lastBlockersLine >= BLOCKERS_EVERY_NANOS;
            if (others || now - lastLine >= LINE_EVERY_NANOS) {
                blockers = Set.copyOf(by);
                lastBlockersLine = now;
                line(done, detail, now);
            }
        }

        private void line(long done, String detail, long now) {
            lastLine = now;
            String share = total > 0 ? " " + 100 * done / total + " %" : "";
            terminal.err().println(label + share + (detail.isEmpty() ? "" : ", " + terminal.harmless(detail)));
        }

        @Override
        public void close() {
            terminal.err().println(label + ": done in " + Words.seconds(Duration.ofNanos(System.nanoTime() - begun)));
        }
    }
}
