package dev.hone.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where this process keeps its servers: a folder a process, a folder in it a server. A process owns its folder for as
 * long as it holds a lock on the folder's file {@code owner}. The system takes the lock away when the process ends,
 * however it ends, and shows it to processes of other containers, for whom a process id would mean nothing.
 */
final class RunFolder {

    private static final String OWNED = "owned-";
    private static final String DEAD = "dead-";
    private static final String OWNER = "owner";

    /** This process's folder. Never closed: to close any channel on the file would give up the lock. */
    private static @Nullable Owned own;

    private record Owned(Path folder, FileLock lock) {}

    private RunFolder() {}

    /** A new folder for a server. At a process's first, what killed processes left is ended and deleted. */
    static synchronized Path create() throws IOException {
        Owned owned = own;
        if (owned == null || !Files.isDirectory(owned.folder())) {
            owned = own(Files.createDirectories(CacheFolder.path().resolve("servers")));
            own = owned;
        }
        return Files.createTempDirectory(owned.folder(), "server-");
    }

    private static Owned own(Path servers) throws IOException {
        // Between a folder's making and its locking nobody may take it for a dead one's.
        try (FileChannel gate = open(servers.resolve("gate"))) {
            gate.lock();
            sweep(servers);
            Path folder = Files.createDirectory(servers.resolve(OWNED + UUID.randomUUID()));
            return new Owned(folder, open(folder.resolve(OWNER)).lock());
        }
    }

    private static FileChannel open(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    /** Ends what killed processes left running. Their files can be many: they are deleted in the background. */
    private static void sweep(Path servers) throws IOException {
        for (Path folder : list(servers, OWNED)) {
            try {
                if (isDead(folder)) {
                    for (Path server : list(folder, "server-")) {
                        end(server.resolve("data"));
                    }
                    Path dead = folder.resolveSibling(
                            folder.getFileName().toString().replaceFirst(OWNED, DEAD));
                    Files.move(folder, dead, StandardCopyOption.ATOMIC_MOVE);
                }
            } catch (IOException e) {
                // Its process may be deleting it at its end; otherwise it is swept next time.
            }
        }
        List<Path> dead = list(servers, DEAD);
        if (!dead.isEmpty()) {
            Thread.ofPlatform().daemon().name("hone-sweep").start(() -> dead.forEach(RunFolder::delete));
        }
    }

    private static boolean isDead(Path folder) throws IOException {
        try (FileChannel owner = open(folder.resolve(OWNER))) {
            return owner.tryLock() != null;
        }
    }

    /** Ends the server of a data directory, and no other process that has its id by now. */
    private static void end(Path data) {
        try {
            long postmaster = Long.parseLong(
                    Files.readAllLines(data.resolve("postmaster.pid")).getFirst());
            ProcessHandle.of(postmaster)
                    .filter(process -> Arrays.asList(process.info().arguments().orElse(new String[0]))
                            .contains(data.toString()))
                    .ifPresent(ProcessHandle::destroyForcibly);
        } catch (IOException | NumberFormatException | NoSuchElementException e) {
            // It was not running, or had not got as far as to say so.
        }
    }

    private static List<Path> list(Path folder, String prefix) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(path -> path.getFileName().toString().startsWith(prefix))
                    .toList();
        }
    }

    private static void delete(Path dead) {
        try {
            CacheFolder.delete(dead);
        } catch (UncheckedIOException e) {
            // Another process may be deleting it too, or the server's processes still be ending.
        }
    }
}
