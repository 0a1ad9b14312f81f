package dev.hone.twin;

import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Secret;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.ServerVersion;
import dev.hone.postgres.Snapshot.Database;
import dev.hone.postgres.Sql;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The server under a twin. What comes from the source (definitions, functions, statements to plan) runs only in
 * sessions of an unprivileged role: a function of the source that the planner evaluates must not be able to do on this
 * machine what a superuser could. Catalogs and files are the superuser's business, and its statements are all ours.
 */
final class TwinServer implements AutoCloseable {

    /** The role that owns everything rebuilt. */
    static final String ROLE = "hone_twin";

    private static final String DATABASE = "twin";
    private static final String MAINTENANCE = "postgres";
    private static final String FALLBACK_LOCALE = "en-US";

    private static final Map<String, String> SETTINGS = Map.ofEntries(
            Map.entry("autovacuum", "off"),
            Map.entry("wal_level", "minimal"),
            // At commit a new file is synced, not logged page by page: that would leave its pages in the buffers.
            Map.entry("wal_skip_threshold", "0"),
            Map.entry("max_wal_senders", "0"),
            Map.entry("allow_system_table_mods", "on"),
            Map.entry("shared_buffers", "64MB"),
            Map.entry("max_wal_size", "256MB"),
            Map.entry("checkpoint_timeout", "1d"),
            Map.entry("max_connections", "20"),
            Map.entry("max_files_per_process", "4000"),
            Map.entry("max_locks_per_transaction", "1024"),
            Map.entry("track_counts", "off"),
            Map.entry("track_activities", "off"),
            Map.entry("jit_provider", "none"));

    /** The version from which pg_buffercache can evict all buffers. */
    private static final int FORGETS_ON_DEMAND = 18;

    private final LocalServer local;
    private final Secret password;
    private final ServerVersion version;

    private TwinServer(LocalServer local, Secret password, ServerVersion version) {
        this.local = local;
        this.password = password;
        this.version = version;
    }

    /** Starts a server with an empty database that sorts and compares as the source's does. */
    static TwinServer start(Installation installation, Database source) throws SQLException {
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        TwinServer server = new TwinServer(
                LocalServer.start(installation, settings(source.version())),
                new Secret(HexFormat.of().formatHex(random)),
                source.version());
        try (Session admin = Session.open(server.local.address(MAINTENANCE))) {
            if (source.version().isAtLeast(FORGETS_ON_DEMAND)) {
                admin.execute("CREATE EXTENSION IF NOT EXISTS pg_buffercache");
            }
            admin.execute("CREATE ROLE " + ROLE + " LOGIN PASSWORD " + Sql.literal(server.password.reveal()));
            createDatabase(admin, source);
            return server;
        } catch (SQLException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private static Map<String, String> settings(ServerVersion version) {
        Map<String, String> settings = new TreeMap<>(SETTINGS);
        if (version.isAtLeast(18)) {
            settings.put("io_method", "sync");
        }
        return settings;
    }

    private static void createDatabase(Session admin, Database source) throws SQLException {
        SQLException last = null;
        String create = "CREATE DATABASE " + DATABASE + " OWNER " + ROLE + " TEMPLATE template0 ENCODING 'UTF8' "
                + (source.version().isAtLeast(15) ? "STRATEGY wal_log " : "");
        for (String locale : source.version().isAtLeast(15) ? locales(source) : oldLocales(source)) {
            try {
                admin.execute(create + locale);
                return;
            } catch (SQLException e) {
                // Not every locale of the source is on this machine; the next best is tried.
                last = e;
            }
        }
        throw Objects.requireNonNull(last);
    }

    /** Before version 15 a database has a locale of libc. */
    private static List<String> oldLocales(Database source) {
        // Neither of the two is C, where LIKE could use an index that it cannot use in the source.
        return Stream.of(source.collate(), "C.UTF-8", "en_US.UTF-8", "C")
                .map(locale -> "LC_COLLATE " + Sql.literal(locale) + " LC_CTYPE "
                        + Sql.literal(locale.equals(source.collate()) ? source.ctype() : locale))
                .toList();
    }

    private static List<String> locales(Database source) {
        List<String> locales = new ArrayList<>();
        String libc = "LOCALE_PROVIDER libc LC_COLLATE " + Sql.literal(source.collate()) + " LC_CTYPE "
                + Sql.literal(source.ctype());
        switch (source.localeProvider()) {
            case "b" ->
                locales.add("LOCALE_PROVIDER builtin LOCALE 'C' BUILTIN_LOCALE "
                        + Sql.literal(source.locale() == null ? "C.UTF-8" : source.locale()));
            case "i" -> locales.add(icu(source.locale() == null ? FALLBACK_LOCALE : source.locale()));
            default -> {
                locales.add(libc);
                locales.add(icu(source.collate().replaceFirst("[.@].*", "").replace('_', '-')));
            }
        }
        locales.add(icu(FALLBACK_LOCALE));
        return locales;
    }

    private static String icu(String locale) {
        return "LOCALE_PROVIDER icu LOCALE 'C' ICU_LOCALE " + Sql.literal(locale);
    }

    /** A session for statements of our own over catalogs. */
    Session superuser() throws SQLException {
        Session session = Session.open(superuserAddress());
        session.execute("SET client_min_messages = warning");
        return session;
    }

    /** A session for what comes from the source. */
    Session unprivileged() {
        ServerAddress address = local.address(DATABASE).withUser(ROLE, password);
        return Session.open(address);
    }

    /** The file of a relation. */
    RelationFile file(String relationPath) {
        return new RelationFile(data().resolve(relationPath));
    }

    private Path data() {
        return local.data();
    }

    /**
     * Writes out and forgets every buffer, so that files may be changed under the server. No session may be open: before
     * version 18 the server is started again.
     */
    void forgetBuffers() throws SQLException {
        if (!version.isAtLeast(FORGETS_ON_DEMAND)) {
            local.stop(LocalServer.StopMode.FAST);
            local.start();
            return;
        }
        try (Session admin = Session.open(local.address(MAINTENANCE))) {
            admin.execute("CHECKPOINT");
            admin.execute("SELECT * FROM pg_buffercache_evict_all()");
        }
    }

    /** Starts it anew with other settings. */
    void restart(Map<String, String> settings) throws SQLException {
        try (Session admin = Session.open(local.address(MAINTENANCE))) {
            for (Map.Entry<String, String> setting : settings.entrySet()) {
                admin.execute("ALTER SYSTEM SET " + Sql.identifier(setting.getKey()) + " = "
                        + Sql.literal(setting.getValue()));
            }
        }
        local.stop(LocalServer.StopMode.FAST);
        local.start();
    }

    /** Its database, as superuser, in whose sessions nothing that the source defines stands before the server's own. */
    ServerAddress superuserAddress() {
        ServerAddress address = local.address(DATABASE);
        return new ServerAddress(
                address.host(),
                address.port(),
                address.database(),
                address.user(),
                address.password(),
                Map.of("options", "-c search_path=pg_catalog,pg_temp"));
    }

    /** Its database, as the role that owns everything. */
    ServerAddress ownerAddress() {
        return local.address(DATABASE).withUser(ROLE, password);
    }

    @Override
    public void close() {
        local.close();
    }
}
