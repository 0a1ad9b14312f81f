package dev.hone.postgres;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where a database is and as whom to go there. Printing it never shows the password.
 *
 * @param host a host name, an address, several {@code host:port} with commas, or null where the driver finds it itself (a service file)
 * @param port TCP port; 0 where the driver finds it itself
 * @param database database name; null where the driver finds it itself
 * @param user role name; null where the driver finds it itself
 * @param password null where the driver takes it from a password file, or none is needed
 * @param properties further connection properties of pgjdbc, such as {@code sslmode}
 */
public record ServerAddress(
        @Nullable String host,
        int port,
        @Nullable String database,
        @Nullable String user,
        @Nullable Secret password,
        Map<String, String> properties) {

    public ServerAddress {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port out of range: " + port);
        }
        properties = Map.copyOf(properties);
    }

    public ServerAddress withDatabase(String other) {
        return new ServerAddress(host, port, other, user, password, properties);
    }

    public ServerAddress withUser(String other, @Nullable Secret otherPassword) {
        return new ServerAddress(host, port, database, other, otherPassword, properties);
    }

    /** The URL for pgjdbc; user, password and further properties travel in {@link #driverProperties}, never in it. */
    String driverUrl() {
        StringBuilder url = new StringBuilder("jdbc:postgresql://");
        if (host != null) {
            url.append(addressOfSix() ? "[" + host + "]" : host);
            if (port > 0) {
                url.append(':').append(port);
            }
        }
        url.append('/');
        if (database != null) {
            url.append(URLEncoder.encode(database, StandardCharsets.UTF_8));
        }
        String service = properties.get("service");
        if (service != null) {
            url.append("?service=").append(URLEncoder.encode(service, StandardCharsets.UTF_8));
        }
        return url.toString();
    }

    Properties driverProperties(String applicationName) {
        Properties driver = new Properties();
        driver.putAll(properties);
        driver.remove("service");
        driver.setProperty("ApplicationName", applicationName);
        if (user != null) {
            driver.setProperty("user", user);
        }
        if (password != null) {
            driver.setProperty("password", password.reveal());
        }
        return driver;
    }

    /**
     * The address as a person would write it, without the password: {@code postgres://user@host:5432/database}. {@link
     * AddressParser} reads it back as it was.
     */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("postgres://");
        if (user != null) {
            text.append(escaped(user)).append('@');
        }
        if (host != null) {
            text.append(addressOfSix() ? "[" + host + "]" : host);
            if (port > 0) {
                text.append(':').append(port);
            }
        }
        text.append('/');
        if (database != null) {
            text.append(escaped(database));
        }
        Map<String, String> shown = new TreeMap<>(properties);
        shown.keySet().removeIf(key -> key.toLowerCase(Locale.ROOT).contains("password"));
        if (!shown.isEmpty()) {
            text.append('?')
                    .append(String.join(
                            "&",
                            shown.entrySet().stream()
                                    .map(e -> escaped(e.getKey()) + "=" + escaped(e.getValue()))
                                    .toList()));
        }
        return text.toString();
    }

    private boolean addressOfSix() {
        return host != null && host.indexOf(':') >= 0 && host.indexOf(',') < 0;
    }

    /** With escapes for what means something in a URL or to a shell; letters of all scripts stay readable. */
    private static String escaped(String name) {
        StringBuilder text = new StringBuilder();
        name.codePoints().forEach(c -> {
            if (Character.isLetterOrDigit(c) || "-._~".indexOf(c) >= 0) {
                text.appendCodePoint(c);
            } else {
                text.append(URLEncoder.encode(Character.toString(c), StandardCharsets.UTF_8)
                        .replace("+", "%20")
                        .replace("*", "%2A"));
            }
        });
        return text.toString();
    }
}
