package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the server says of one of its parameters, as pg_settings has it.
 *
 * @param type {@code bool}, {@code integer}, {@code real}, {@code enum} or {@code string}
 * @param unit of a number without one: {@code 8kB}, {@code ms} …; null for none
 * @param context who may set it, and when: {@code postmaster} is at the start of the server alone
 * @param least null for a parameter that is no number
 * @param values of an enumeration
 */
record Setting(
        String name,
        String type,
        @Nullable String unit,
        String context,
        @Nullable String least,
        @Nullable String most,
        List<String> values,
        String shown,
        boolean pendingRestart) {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Pattern NUMBER =
            Pattern.compile("\\s*([-+]?[0-9.]+(?:[eE][-+]?\\d+)?|0x[0-9a-fA-F]+)\\s*([a-zA-Z]*)\\s*");

    private static final List<String> TRUTHS = List.of("on", "off", "true", "false", "yes", "no");

    /** Bytes and microseconds. */
    private static final Map<String, Double> UNITS = Map.ofEntries(
            Map.entry("B", 1.0),
            Map.entry("kB", 1024.0),
            Map.entry("8kB", 8192.0),
            Map.entry("16kB", 16384.0),
            Map.entry("32kB", 32768.0),
            Map.entry("MB", 1048576.0),
            Map.entry("GB", 1073741824.0),
            Map.entry("TB", 1099511627776.0),
            Map.entry("us", 1.0),
            Map.entry("ms", 1e3),
            Map.entry("s", 1e6),
            Map.entry("min", 60e6),
            Map.entry("h", 3600e6),
            Map.entry("d", 86400e6));

    Setting {
        values = List.copyOf(values);
    }

    static Optional<Setting> find(Server server, String name) {
        return server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(Setting.class, "setting", server.version()))
                        .bind("name", name)
                        .map((rs, context) -> new Setting(
                                rs.getString("name"),
                                rs.getString("vartype"),
                                rs.getString("unit"),
                                rs.getString("context"),
                                rs.getString("min_val"),
                                rs.getString("max_val"),
                                List.of((String[]) rs.getArray("enumvals").getArray()),
                                rs.getString("shown"),
                                rs.getBoolean("pending_restart")))
                        .findOne());
    }

    boolean needsRestart() {
        return context.equals("postmaster");
    }

    /** Why a value cannot be; empty if it can, as far as pg_settings tells. */
    Optional<String> refuses(String value) {
        return switch (type) {
            case "bool" -> isTruth(value) ? Optional.empty() : Optional.of(value + " is neither on nor off");
            case "enum" ->
                values.stream().anyMatch(value::equalsIgnoreCase) || isTruth(value)
                        ? Optional.empty()
                        : Optional.of(value + " is none of " + String.join(", ", values));
            case "integer", "real" -> refusesNumber(value);
            default -> Optional.empty();
        };
    }

    /** The words that the server takes, and what they begin with; "o" alone could be either. */
    private static boolean isTruth(String value) {
        String word = value.strip().toLowerCase(Locale.ROOT);
        if (word.equals("1") || word.equals("0")) {
            return true;
        }
        return !word.isEmpty() && !word.equals("o") && TRUTHS.stream().anyMatch(full -> full.startsWith(word));
    }

    private Optional<String> refusesNumber(String value) {
        Matcher parts = NUMBER.matcher(value);
        if (!parts.matches()) {
            return Optional.of(value + " is not a number" + (unit == null ? "" : " with a unit such as " + unit));
        }
        double number;
        try {
            String digits = parts.group(1);
            number = digits.startsWith("0x") ? Long.parseLong(digits.substring(2), 16) : Double.parseDouble(digits);
        } catch (NumberFormatException e) {
            return Optional.of(value + " is not a number");
        }
        String given = parts.group(2);
        if (!given.isEmpty()) {
            Double from = UNITS.get(given);
            Double to = unit == null ? null : UNITS.get(unit);
            if (from == null || to == null || isTime(given) != isTime(unit)) {
                return Optional.of(given + " is not a unit of " + name
                        + (unit == null ? ", which has none" : "; " + unit + " is"));
            }
            number = number * from / to;
        }
        // The server rounds; so a value just beyond a bound may pass, and ALTER SYSTEM has the last word.
        double rounded = type.equals("integer") ? Math.rint(number) : number;
        boolean within = (least == null || rounded >= Double.parseDouble(least))
                && (most == null || rounded <= Double.parseDouble(most));
        return within
                ? Optional.empty()
                : Optional.of(value + " is outside of " + least + " to " + most
                        + (unit == null ? "" : " (in units of " + unit + ")"));
    }

    private static boolean isTime(@Nullable String unit) {
        return unit != null && !unit.endsWith("B");
    }
}
