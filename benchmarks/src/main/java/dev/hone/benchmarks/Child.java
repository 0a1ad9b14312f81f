package dev.hone.benchmarks;

import dev.hone.postgres.Secret;
import dev.hone.postgres.ServerAddress;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * A program that ran as a child of this process, and what that took.
 *
 * @param output what it wrote to its standard output
 * @param errors what it wrote to its standard error
 * @param wallMillis from before it was started until it had ended
 * @param cpuSeconds user and system time of it and of the children it waited for, in steps of 10 ms
 * @param peakBytes the most memory it held at a time (resident set, as last seen a few milliseconds before its end)
 */
record Child(String output, String errors, double wallMillis, double cpuSeconds, long peakBytes) {

    private static final int LOOK_MILLIS = 10;

    /** What PostgreSQL's programs, and Hone, take the address of a database from. */
    static Map<String, String> environment(ServerAddress address) {
        Secret password = Objects.requireNonNull(address.password());
        return Map.of(
                "PGHOST", Objects.requireNonNull(address.host()),
                "PGPORT", Integer.toString(address.port()),
                "PGUSER", Objects.requireNonNull(address.user()),
                "PGDATABASE", Objects.requireNonNull(address.database()),
                "PGPASSWORD", password.reveal());
    }

    /**
     * Runs a program to its end, on the JDK that this process runs on if it is Java. One at a time: the processor time of
     * every child that ends meanwhile counts.
     *
     * @throws IllegalStateException if it does not exit with 0
     */
    static Child run(List<String> command, Map<String, String> environment) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        // Files, since nobody reads a pipe while this thread watches the memory.
        File output = File.createTempFile("hone-benchmark", ".out");
        File errors = File.createTempFile("hone-benchmark", ".err");
        try {
            builder.redirectOutput(output).redirectError(errors);
            double cpuBefore = Proc.childrenSeconds(ProcessHandle.current().pid());
            long start = System.nanoTime();
            Process process = builder.start();
            long peak = 0;
            while (!process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                peak = Math.max(peak, Proc.peakBytes(process.pid()));
            }
            double millis = (System.nanoTime() - start) / 1e6;
            String text = Files.readString(output.toPath());
            String errorText = Files.readString(errors.toPath());
            if (process.exitValue() != 0) {
                throw new IllegalStateException(command.getFirst() + " failed: " + text + errorText);
            }
            double cpu = Proc.childrenSeconds(ProcessHandle.current().pid()) - cpuBefore;
            return new Child(text, errorText, millis, cpu, peak);
        } finally {
            Files.delete(output.toPath());
            Files.delete(errors.toPath());
        }
    }

    /** The launcher of this checkout; benchmarks run in its root. */
    static String hone() {
        return Path.of("hone").toAbsolutePath().toString();
    }

    /** The java that this process runs on. */
    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }
}
