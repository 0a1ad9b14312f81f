package dev.hone.postgres;

import dev.hone.HoneException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL server of our own on this machine: it listens on the loopback address only, asks for a password that
 * only this user's files hold, and is gone, data and all, when it is closed or this process ends. Also runs as root,
 * in a user namespace, since PostgreSQL refuses to. Not safe for use by several threads at once.
 */
public final class LocalServer implements AutoCloseable {

    /** How to stop a server, as {@code pg_ctl stop --mode} has it. */
    public enum StopMode {
        FAST,
        IMMEDIATE
    }

    private static final String SUPERUSER = "postgres";
    private static final long START_SECONDS = 60;
    private final Installation installation;
    private final Path folder;
    private final Secret password;
    private final int port;
    private final Thread hook = new Thread(this::discard, "hone-local-server-stop");
    private @Nullable Process process;

    private LocalServer(Installation installation, Path folder, Secret password, int port) {
        this.installation = installation;
        this.folder = folder;
        this.password = password;
        this.port = port;
    }

    /**
     * Starts a server on a fresh, empty cluster.
     *
     * @param settings server settings by name, over those that Hone gives every server of its own
     * @throws HoneException if it does not start; its log is part of the message
     */
    public static LocalServer start(Installation installation, Map<String, String> settings) {
        try {
            Path template = template(installation);
            Path folder = RunFolder.create();
            copy(template.resolve("data"), folder.resolve("data"));
            Secret password = new Secret(Files.readString(template.resolve("password")));
            LocalServer server = new LocalServer(installation, folder, password, freePort());
            // Before it starts: this process may be ended meanwhile.
            Runtime.getRuntime().addShutdownHook(server.hook);
            try {
                server.configure(settings);
                server.start();
                return server;
            } catch (IOException | RuntimeException e) {
                server.close();
                throw e;
            }
        } catch (IOException e) {
            throw CacheFolder.unusable("Cannot start a local PostgreSQL", e);
        }
    }

    /** The address of one of its databases, as superuser. */
    public ServerAddress address(String database) {
        return new ServerAddress("127.0.0.1", port, database, SUPERUSER, password, Map.of());
    }

    /** The data directory. Its files may be changed only while the server does not hold them. */
    public Path data() {
        return folder.resolve("data");
    }

    /** Starts it again after {@link #stop}. */
    public void start() {
        List<String> command = asOrdinaryUser(installation.bin().resolve("postgres"));
        command.addAll(List.of("-D", data().toString()));
        try {
            Process started = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
                    .start();
            process = started;
            awaitConnections(started);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + command.getFirst(), e);
        }
    }

    /** Stops it and keeps its data. Immediate is what a crash looks like to the next start. */
    public void stop(StopMode mode) {
        Process running = process;
        if (running == null) {
            return;
        }
        process = null;
        // The postmaster reads SIGINT as fast and SIGQUIT as immediate shutdown; Process can send neither.
        signal(running, mode == StopMode.FAST ? "INT" : "QUIT");
        try {
            if (!running.waitFor(START_SECONDS, TimeUnit.SECONDS)) {
                running.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            running.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    /** Stops it and deletes its data. */
    @Override
    public void close() {
        discard();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending already and the hook has run or will.
        }
    }

    private void discard() {
        stop(StopMode.IMMEDIATE);
        CacheFolder.delete(folder);
    }

    private Path log() {
        return folder.resolve("log");
    }

    private void configure(Map<String, String> settings) throws IOException {
        Map<String, String> all = new TreeMap<>(Map.of(
                "listen_addresses", "127.0.0.1",
                "port", Integer.toString(port),
                "unix_socket_directories", "",
                "fsync", "off",
                "synchronous_commit", "off",
                "full_page_writes", "off",
                "log_destination", "stderr"));
        all.putAll(settings);
        StringBuilder text = new StringBuilder("# Written by Hone for a server of its own.\n");
        all.forEach((name, value) -> text.append(name)
                .append(" = '")
                .append(value.replace("'", "''"))
                .append("'\n"));
        Files.writeString(data().resolve("postgresql.auto.conf"), text);
    }

    private void awaitConnections(Process started) {
        ServerAddress maintenance = address("postgres");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        String last = "";
        while (System.nanoTime() < deadline && started.isAlive()) {
            try (Connection connection =
                    DriverManager.getConnection(maintenance.driverUrl(), maintenance.driverProperties("hone"))) {
                if (isOurs(connection)) {
                    return;
                }
                // Another Hone's server was faster at the port, and this one is about to give up.
                last = "port " + port + " is taken";
                pause();
            } catch (SQLException e) {
                last = String.valueOf(e.getMessage());
                pause();
            }
        }
        stop(StopMode.IMMEDIATE);
        throw HoneException.failed(
                "A local PostgreSQL (" + installation.bin() + ") did not start: " + last + "\n" + tailOfLog(),
                "No database of yours was touched. Check free memory and disk space, and whether another program"
                        + " keeps it from starting.",
                null);
    }

    private boolean isOurs(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SHOW data_directory")) {
            return row.next() && Files.isSameFile(Path.of(row.getString(1)), data());
        } catch (IOException e) {
            return false;
        }
    }

    private String tailOfLog() {
        try {
            List<String> lines = Files.readAllLines(log());
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
        } catch (IOException e) {
            return "(no log)";
        }
    }

    /** The folder of an initialised cluster and its password, made once per installation and then copied. */
    private static Path template(Installation installation) throws IOException {
        Path template = CacheFolder.path().resolve("template-" + installation.name());
        if (Files.isDirectory(template)) {
            return template;
        }
        Path unfinished = Files.createTempDirectory(CacheFolder.path(), "initdb");
        try {
            initialise(installation, unfinished);
            Files.move(unfinished, template, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            // Another Hone may have made it meanwhile; its is as good.
            if (!Files.isDirectory(template)) {
                throw e;
            }
        } finally {
            CacheFolder.delete(unfinished);
        }
        return template;
    }

    private static void initialise(Installation installation, Path unfinished) throws IOException {
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        Path passwordFile = Files.createFile(
                unfinished.resolve("password"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(passwordFile, HexFormat.of().formatHex(random));
        List<String> command = asOrdinaryUser(installation.bin().resolve("initdb"));
        command.addAll(List.of(
                "-D",
                unfinished.resolve("data").toString(),
                "-U",
                SUPERUSER,
                "--encoding=UTF8",
                "--auth=scram-sha-256",
                "--pwfile=" + passwordFile,
                "--no-sync"));
        int major = majorOf(installation);
        command.addAll(
                major >= 15
                        ? List.of("--locale-provider=icu", "--icu-locale=en-US", "--locale=C")
                        : List.of("--locale=C.UTF-8"));
        if (major >= 18) {
            // A twin writes pages of its own making into the files.
            command.add("--no-data-checksums");
        }
        run(command);
    }

    private static int majorOf(Installation installation) {
        String text = run(List.of(installation.bin().resolve("postgres").toString(), "--version"));
        String digits = text.replaceFirst("(?s)^\\D*(\\d+).*", "$1");
        return Integer.parseInt(digits);
    }

    /** PostgreSQL refuses to run as root; in a user namespace of its own it is an ordinary user. */
    private static List<String> asOrdinaryUser(Path program) {
        List<String> command = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) {
            command.addAll(List.of("unshare", "-U"));
        }
        command.add(program.toString());
        return command;
    }

    private static String run(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output =
                    new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw HoneException.failed(
                        command.getFirst() + " failed: " + output.strip(), "No database of yours was touched.", null);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + command.getFirst(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw HoneException.failed("interrupted", "No database of yours was touched.", e);
        }
    }

    private static void signal(Process process, String name) {
        run(List.of("sh", "-c", "kill -" + name + " " + process.pid() + " 2>/dev/null || true"));
    }

    private static void pause() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path one : all.toList()) {
                Files.copy(one, to.resolve(from.relativize(one).toString()), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }
}
