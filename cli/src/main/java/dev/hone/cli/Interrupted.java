package dev.hone.cli;

import java.util.function.Supplier;

/** Work that leaves a word behind when Ctrl-C or a signal ends it. */
final class Interrupted {

    private Interrupted() {}

    static <T> T saying(Terminal terminal, String words, Supplier<T> work) {
        Thread hook = new Thread(
                () -> {
                    terminal.err().println();
                    terminal.err().println(words);
                },
                "hone-interrupted");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return work.get();
        } finally {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // The process is ending: the hook has spoken.
            }
        }
    }
}
