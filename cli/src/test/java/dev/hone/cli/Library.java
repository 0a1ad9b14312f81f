package dev.hone.cli;

import dev.hone.Progress;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.SnapshotReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A server with the lending library of {@code library.sql}, which is no case of Hone's; every test gets a copy. */
final class Library implements AutoCloseable {

    private static final String TEMPLATE = "library";

    private final LocalServer local;

    private Library(LocalServer local) {
        this.local = local;
    }

    /** Starts a server as safe as one of production, and fills the library. */
    static Library start(Installation installation, Map<String, String> settings) throws IOException, SQLException {
        Map<String, String> all = new HashMap<>(Map.of("fsync", "on", "full_page_writes", "on"));
        all.putAll(settings);
        LocalServer local = LocalServer.start(installation, all);
        execute(local.address("postgres"), "CREATE DATABASE " + TEMPLATE);
        execute(local.address(TEMPLATE), resource("library.sql"));
        return new Library(local);
    }

    /** A fresh copy of the library under a name that wants quoting. */
    ServerAddress copy(String name) throws SQLException {
        String database = "The \"" + name + "\" Library? 50%25 &#1";
        execute(
                local.address("postgres"),
                "CREATE DATABASE \"" + database.replace("\"", "\"\"") + "\" TEMPLATE " + TEMPLATE);
        return local.address(database);
    }

    LocalServer server() {
        return local;
    }

    /** The workload's script as a file. */
    static Path workload(Path folder) throws IOException {
        return Files.writeString(folder.resolve("library-workload.sql"), resource("library-workload.sql"));
    }

    static Catalog catalog(ServerAddress address) {
        try (Server server = Server.connect(address)) {
            return SnapshotReader.whole(List.of()).read(server, Progress.NONE).catalog();
        }
    }

    static void execute(ServerAddress address, String... statements) throws SQLException {
        try (Connection connection = Server.open(address, "test");
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    /** The first column of all rows. */
    static List<String> ask(ServerAddress address, String sql) {
        try (Server server = Server.connect(address)) {
            return server.handle().createQuery(sql).mapTo(String.class).list();
        }
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(Library.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Override
    public void close() {
        local.close();
    }
}
