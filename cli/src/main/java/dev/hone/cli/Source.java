package dev.hone.cli;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.postgres.AddressParser;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.ServerVersion;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotFile;
import dev.hone.postgres.SnapshotReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Parameters;

/** The URL argument of a command: a server, or a file with a Snapshot of one. */
final class Source {

    @Parameters(
            arity = "0..1",
            paramLabel = "URL",
            description = "Address of the database, or a snapshot's file; the PG* environment if left out.")
    private @Nullable String url;

    /** As if this had been the argument; null for none. */
    static Source of(@Nullable String url) {
        Source source = new Source();
        source.url = url;
        return source;
    }

    /** Whether the argument names a file. */
    boolean isFile() {
        return url != null && !AddressParser.isAddress(url);
    }

    /** The address. */
    ServerAddress address(Map<String, String> environment) {
        if (isFile()) {
            throw HoneException.usage(
                    url + " is not an address of a database",
                    "Nothing was changed. This command needs the server itself: postgres://USER@HOST:PORT/DATABASE");
        }
        return AddressParser.of(environment).parse(url);
    }

    /** The Snapshot that the file holds. */
    Snapshot file() {
        Path file = Path.of(String.valueOf(url));
        if (!Files.exists(file)) {
            throw HoneException.usage(
                    "No such file, and not a database address: " + url,
                    "Write postgres://USER@HOST:PORT/DATABASE for a server, or the name of a file that"
                            + " `hone snapshot` wrote.");
        }
        return SnapshotFile.read(file);
    }

    /** The Snapshot that the file holds, or that the reader for the server's version reads of it. */
    Snapshot snapshot(
            Map<String, String> environment, Function<ServerVersion, SnapshotReader> reader, Progress progress) {
        if (isFile()) {
            return file();
        }
        try (Server server = Server.connect(address(environment))) {
            return reader.apply(server.version()).read(server, progress);
        }
    }
}
