package dev.hone.postgres;

import dev.hone.HoneException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Understands every way of naming a database: {@code postgres://} and {@code postgresql://} URLs, {@code
 * jdbc:postgresql:} URLs, a service of the service file, and the PG* environment, which also fills in what a URL leaves
 * out. The password file is the driver's business. Immutable.
 *
 * @param environment the environment variables
 * @param systemUser name of the user who runs Hone, the default role as with libpq
 */
public record AddressParser(Map<String, String> environment, String systemUser) {

    private static final int DEFAULT_PORT = 5432;
    private static final Pattern URL = Pattern.compile(
            "(?:postgres|postgresql)://(?:(?<userinfo>[^@/?]*)@)?(?<hosts>[^/?]*)(?:/(?<database>[^?]*))?(?:\\?(?<query>.*))?");
    private static final Pattern JDBC_DATABASE_ONLY =
            Pattern.compile("jdbc:postgresql:(?<database>[^/?:]*)(?:\\?(?<query>.*))?");

    /** libpq's names of connection parameters, and pgjdbc's where they differ. */
    private static final Map<String, String> DRIVER_NAMES = Map.of(
            "connect_timeout", "connectTimeout",
            "channel_binding", "channelBinding",
            "gssencmode", "gssEncMode",
            "target_session_attrs", "targetServerType");

    /** The PG* variables that become further connection properties. */
    private static final Map<String, String> VARIABLES = Map.of(
            "PGSSLMODE", "sslmode",
            "PGSSLROOTCERT", "sslrootcert",
            "PGSSLCERT", "sslcert",
            "PGSSLKEY", "sslkey",
            "PGCONNECT_TIMEOUT", "connect_timeout",
            "PGOPTIONS", "options",
            "PGCHANNELBINDING", "channel_binding",
            "PGTARGETSESSIONATTRS", "target_session_attrs");

    private static final Map<String, String> SERVER_TYPES = Map.of(
            "read-write", "primary",
            "read-only", "secondary",
            "standby", "secondary",
            "prefer-standby", "preferSecondary");

    public AddressParser {
        environment = Map.copyOf(environment);
    }

    /** The parser for this process: its environment, its user. */
    public static AddressParser ofThisProcess() {
        return new AddressParser(System.getenv(), System.getProperty("user.name"));
    }

    /** Whether the text is meant as a database's address rather than, say, a file. */
    public static boolean isAddress(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        return lower.startsWith("postgres:")
                || lower.startsWith("postgresql:")
                || lower.startsWith("jdbc:")
                || lower.startsWith("service=");
    }

    /**
     * Reads an address.
     *
     * @param text a URL or {@code service=NAME}; null or empty for what the environment says
     * @throws HoneException of kind {@code USAGE} if it is no address, or holds a password
     */
    public ServerAddress parse(@Nullable String text) {
        if (text == null || text.isBlank()) {
            return complete(null, "", "", null, new LinkedHashMap<>());
        }
        if (text.startsWith("service=")) {
            Map<String, String> properties = new LinkedHashMap<>();
            properties.put("service", text.substring("service=".length()));
            return complete(null, "", "", null, properties);
        }
        Matcher jdbc = JDBC_DATABASE_ONLY.matcher(text);
        if (jdbc.matches()) {
            Map<String, String> properties = properties(jdbc.group("query"));
            return complete(properties.remove("user"), "", decode(jdbc.group("database")), null, properties);
        }
        Matcher url = URL.matcher(text.startsWith("jdbc:") ? text.substring("jdbc:".length()) : text);
        if (!url.matches()) {
            throw HoneException.usage(
                    "Not a database address: " + withoutPassword(text),
                    "Write postgres://USER@HOST:PORT/DATABASE or jdbc:postgresql://HOST:PORT/DATABASE?user=USER, or set"
                            + " PGHOST, PGPORT, PGDATABASE and PGUSER and leave it out.");
        }
        Map<String, String> properties = properties(url.group("query"));
        String userInfo = url.group("userinfo");
        if (userInfo == null ? hidesPassword(url) : userInfo.indexOf(':') >= 0) {
            throw passwordRefused();
        }
        String user = userInfo == null || userInfo.isEmpty() ? properties.remove("user") : decode(userInfo);
        String host = Optional.ofNullable(properties.remove("host")).orElse(decode(url.group("hosts")));
        String database = Optional.ofNullable(properties.remove("dbname"))
                .orElse(url.group("database") == null ? "" : decode(url.group("database")));
        return complete(user, host, database, properties.remove("port"), properties);
    }

    /** A password with a slash or a question mark in it looks like a port and what follows one. */
    private static boolean hidesPassword(Matcher url) {
        String database = String.valueOf(url.group("database"));
        String query = String.valueOf(url.group("query"));
        return url.group("hosts").matches("[^\\[,]*:.*") && (database.indexOf('@') >= 0 || query.matches("[^=]*@.*"));
    }

    private ServerAddress complete(
            @Nullable String urlUser,
            String urlHost,
            String urlDatabase,
            @Nullable String urlPort,
            Map<String, String> given) {
        VARIABLES.forEach((variable, property) -> {
            if (environment.containsKey(variable)) {
                given.putIfAbsent(property, environment.get(variable));
            }
        });
        String service = given.remove("service");
        if (service == null && urlHost.isEmpty()) {
            service = environment.get("PGSERVICE");
        }
        Map<String, String> properties = new LinkedHashMap<>();
        given.forEach((name, value) -> properties.put(
                DRIVER_NAMES.getOrDefault(name, name),
                name.equals("target_session_attrs") ? SERVER_TYPES.getOrDefault(value, value) : value));

        Secret password = Optional.ofNullable(environment.get("PGPASSWORD"))
                .map(Secret::new)
                .orElse(null);
        String user = urlUser != null ? urlUser : environment.get("PGUSER");
        if (service != null) {
            properties.put("service", service);
            return new ServerAddress(
                    null,
                    0,
                    urlDatabase.isEmpty() ? environment.get("PGDATABASE") : urlDatabase,
                    user,
                    password,
                    properties);
        }
        String host = urlHost.isEmpty() ? environment.getOrDefault("PGHOST", "localhost") : urlHost;
        if (host.startsWith("/")) {
            throw HoneException.usage(
                    "Unix-domain sockets are not supported: " + host,
                    "Nothing was read or changed. Give a host name, such as localhost; the server must listen on TCP.");
        }
        if (user == null) {
            user = systemUser;
        }
        String database = urlDatabase.isEmpty() ? environment.getOrDefault("PGDATABASE", user) : urlDatabase;
        if (host.indexOf(',') >= 0) {
            return new ServerAddress(host, 0, database, user, password, properties);
        }
        Matcher hostPort =
                Pattern.compile("(?<host>\\[[^\\]]*\\]|[^:]*)(?::(?<port>.*))?").matcher(host);
        if (!hostPort.matches()) {
            throw HoneException.usage("Not a host: " + host, "Write an IPv6 address in brackets: [::1]:5432.");
        }
        String port = Optional.ofNullable(hostPort.group("port")).orElse(urlPort);
        return new ServerAddress(
                hostPort.group("host").replaceAll("^\\[|\\]$", ""),
                port(port == null || port.isEmpty() ? environment.get("PGPORT") : port),
                database,
                user,
                password,
                properties);
    }

    private static int port(@Nullable String text) {
        if (text == null) {
            return DEFAULT_PORT;
        }
        if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) > 65_535 || Integer.parseInt(text) == 0) {
            throw HoneException.usage(
                    "Not a port: " + text, "A port is a number from 1 to 65535; PostgreSQL's is 5432.");
        }
        return Integer.parseInt(text);
    }

    private static Map<String, String> properties(@Nullable String query) {
        Map<String, String> properties = new LinkedHashMap<>();
        if (query == null || query.isEmpty()) {
            return properties;
        }
        for (String pair : query.split("&", -1)) {
            int equals = pair.indexOf('=');
            String name = decode(equals < 0 ? pair : pair.substring(0, equals));
            if (name.equalsIgnoreCase("password") || name.equalsIgnoreCase("sslpassword")) {
                throw passwordRefused();
            }
            properties.put(name, equals < 0 ? "" : decode(pair.substring(equals + 1)));
        }
        return properties;
    }

    private static String decode(String text) {
        try {
            // In a URL's path and user a plus sign is a plus sign.
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new HoneException(
                    HoneException.Kind.USAGE,
                    "The address has a % that is no escape",
                    "Write a percent sign in a URL as %25.",
                    e);
        }
    }

    private static HoneException passwordRefused() {
        return HoneException.usage(
                "A password on the command line can be seen by everybody on this machine",
                "Nothing was read or changed. Leave it out, and put it into PGPASSWORD, a password file (~/.pgpass) or a"
                        + " service file. If it was a real one, change it: the shell's history has it too.");
    }

    private static String withoutPassword(String text) {
        return text.replaceAll("(//[^:/@]*):.*@", "$1:****@").replaceAll("(?i)(password=)[^&]*", "$1****");
    }
}
