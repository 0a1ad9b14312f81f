package dev.hone.benchmarks.advisor;

import dev.hone.postgres.CacheFolder;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.ServerAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A server on a loaded cluster. Loading takes longer than the measurement, so the cluster is kept in Hone's cache folder,
 * and each run works on a copy of it.
 */
final class Cluster implements AutoCloseable {

    /** Fills an empty server; done once. */
    @FunctionalInterface
    interface Content {
        void load(ServerAddress maintenance) throws IOException;
    }

    private final LocalServer local;

    private Cluster(LocalServer local) {
        this.local = local;
    }

    /** @param name of the content; another name is another cluster */
    static Cluster open(Installation installation, String name, Map<String, String> settings, Content content)
            throws IOException, InterruptedException {
        LocalServer local = LocalServer.start(installation, settings);
        try {
            Path kept = CacheFolder.path().resolve("benchmark-" + name + "-" + installation.name());
            if (!Files.isDirectory(kept)) {
                content.load(local.address("postgres"));
                local.stop(LocalServer.StopMode.FAST);
                Path unfinished = Files.createTempDirectory(CacheFolder.path(), "benchmark");
                copy(local.data(), unfinished.resolve("data"));
                Files.move(unfinished, kept);
            } else {
                local.stop(LocalServer.StopMode.FAST);
                Path own = local.data().resolve("postgresql.auto.conf");
                String port = Files.readString(own);
                run("rm", "-rf", local.data().toString());
                copy(kept.resolve("data"), local.data());
                Files.writeString(own, port);
            }
            local.start();
            return new Cluster(local);
        } catch (IOException | InterruptedException | RuntimeException e) {
            local.close();
            throw e;
        }
    }

    ServerAddress address(String database) {
        return local.address(database);
    }

    private static void copy(Path from, Path to) throws IOException, InterruptedException {
        run("cp", "-a", "--reflink=auto", from.toString(), to.toString());
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        if (!process.waitFor(10, TimeUnit.MINUTES) || process.exitValue() != 0) {
            throw new IOException("failed: " + String.join(" ", command));
        }
    }

    @Override
    public void close() {
        local.close();
    }
}
