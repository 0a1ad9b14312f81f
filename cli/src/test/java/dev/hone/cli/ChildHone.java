package dev.hone.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code hone} in a process of its own, for what shows only there: its folder, its end by a signal, its command line. */
record ChildHone(Process process, Path out, Path err) {

    /**
     * Starts it.
     *
     * @param folder where it runs
     * @param environment what it sees of the PG* environment; nothing of this process's
     */
    static ChildHone start(Path folder, Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName()));
        command.addAll(List.of(arguments));
        Path out = Files.createTempFile("child", ".out");
        Path err = Files.createTempFile("child", ".err");
        out.toFile().deleteOnExit();
        err.toFile().deleteOnExit();
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        builder.environment().putAll(environment);
        return new ChildHone(builder.start(), out, err);
    }

    /** Runs it to its end. */
    static CommandLineRun run(Path folder, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        return start(folder, environment, arguments).end();
    }

    /** Waits for its end. */
    CommandLineRun end() throws IOException, InterruptedException {
        int exitCode = process.waitFor();
        return new CommandLineRun(exitCode, Files.readString(out), Files.readString(err));
    }
}
