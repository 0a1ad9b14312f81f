package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Sets a server parameter: for the whole server, a database, a role, or a role in a database.
 *
 * @param role unquoted; null where the scope names none
 * @param database unquoted; null where the scope names none
 * @param name of the parameter, such as {@code work_mem}
 * @param value as in the configuration file, with its unit ({@code 64MB}); null to take the scope's own value away
 */
public record AlterSetting(
        Scope scope,
        @Nullable String role,
        @Nullable String database,
        String name,
        @Nullable String value) implements Change {

    /** What a value holds for. */
    public enum Scope {
        SYSTEM,
        DATABASE,
        ROLE,
        ROLE_IN_DATABASE
    }

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_$]*(\\.[A-Za-z_][A-Za-z0-9_$]*)*");

    public AlterSetting {
        // They come from files too.
        Objects.requireNonNull(scope, "scope");
        Objects.requireNonNull(name, "name");
        if ((role != null) != (scope == Scope.ROLE || scope == Scope.ROLE_IN_DATABASE)
                || (database != null) != (scope == Scope.DATABASE || scope == Scope.ROLE_IN_DATABASE)) {
            throw new IllegalArgumentException("the scope " + scope + " takes "
                    + switch (scope) {
                        case SYSTEM -> "neither role nor database";
                        case DATABASE -> "a database and no role";
                        case ROLE -> "a role and no database";
                        case ROLE_IN_DATABASE -> "a role and a database";
                    });
        }
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not the name of a setting: " + name);
        }
        if (name.equalsIgnoreCase("primary_conninfo")) {
            throw new IllegalArgumentException("primary_conninfo may hold a password, which Hone is never given");
        }
        if (value != null && value.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("a value of " + name + " with a zero byte");
        }
        if (value != null && SettingList.holds(name) && SettingList.parse(value).isEmpty()) {
            throw new IllegalArgumentException("an empty list for " + name + "; null takes the value away");
        }
    }

    /** By ALTER SYSTEM, for the whole server. */
    public static AlterSetting ofSystem(String name, @Nullable String value) {
        return new AlterSetting(Scope.SYSTEM, null, null, name, value);
    }

    public static AlterSetting ofDatabase(String database, String name, @Nullable String value) {
        return new AlterSetting(Scope.DATABASE, null, database, name, value);
    }

    public static AlterSetting ofRole(String role, String name, @Nullable String value) {
        return new AlterSetting(Scope.ROLE, role, null, name, value);
    }

    public static AlterSetting ofRoleInDatabase(String role, String database, String name, @Nullable String value) {
        return new AlterSetting(Scope.ROLE_IN_DATABASE, role, database, name, value);
    }

    @Override
    public String title() {
        return (value == null ? "reset " + name : "set " + name + " to " + value) + " for "
                + switch (scope) {
                    case SYSTEM -> "the server";
                    case DATABASE -> "database " + subject();
                    case ROLE -> "role " + subject();
                    case ROLE_IN_DATABASE ->
                        "role " + Sql.identifier(String.valueOf(role)) + " in database "
                                + Sql.identifier(String.valueOf(database));
                };
    }

    @Override
    public String subject() {
        return switch (scope) {
            case SYSTEM -> name;
            case DATABASE -> Sql.identifier(String.valueOf(database));
            case ROLE, ROLE_IN_DATABASE -> Sql.identifier(String.valueOf(role));
        };
    }

    @Override
    public List<String> sql() {
        return statements(value);
    }

    /** The statements that bring about a value; null for none. */
    List<String> statements(@Nullable String to) {
        String what = Sql.identifier(name.toLowerCase(Locale.ROOT)).replace(".", "\".\"");
        String action = to == null ? "RESET " + what : "SET " + what + " = " + literal(to);
        return switch (scope) {
            case SYSTEM -> List.of("ALTER SYSTEM " + action, "SELECT pg_reload_conf()");
            case DATABASE -> List.of("ALTER DATABASE " + subject() + " " + action);
            case ROLE -> List.of("ALTER ROLE " + subject() + " " + action);
            case ROLE_IN_DATABASE ->
                List.of("ALTER ROLE " + subject() + " IN DATABASE " + Sql.identifier(String.valueOf(database)) + " "
                        + action);
        };
    }

    /** A list of names is one literal each: as one it would be one strange name. */
    private String literal(String text) {
        return SettingList.holds(name)
                ? SettingList.parse(text).stream().map(Sql::literal).collect(Collectors.joining(", "))
                : Sql.literal(text);
    }

    /** Takes the scope's own value away, since what was there before is known to a deployment only. */
    @Override
    public List<String> undoSql() {
        return statements(null);
    }

    @Override
    public String byHand() {
        return "Its undo takes the value away: note first what is set"
                + (scope == Scope.SYSTEM ? " (pg_file_settings)." : " (pg_db_role_setting).");
    }

    @Override
    public List<Proof> proofs() {
        String key = Sql.literal(name.toLowerCase(Locale.ROOT));
        if (scope == Scope.SYSTEM) {
            return List.of(new Proof(
                    "The server has the value",
                    "SELECT s.name, current_setting(s.name) AS value, s.source, s.pending_restart FROM pg_settings s WHERE"
                            + " lower(s.name) = " + key,
                    (value == null ? "what the configuration says without it" : value)
                            + "; pending_restart is t if it takes effect with the next restart only"));
        }
        String entry =
                "EXISTS (SELECT FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN"
                        + " pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) AS c(entry) WHERE d.datname IS NOT DISTINCT FROM "
                        + (database == null ? "NULL" : Sql.literal(database)) + " AND r.rolname IS NOT DISTINCT FROM "
                        + (role == null ? "NULL" : Sql.literal(role)) + " AND lower(split_part(c.entry, '=', 1)) = "
                        + key + ")";
        return List.of(
                Proof.inPlace("Sessions that begin from now on have it", value == null ? "NOT " + entry : entry));
    }

    @Override
    public String locks() {
        return scope == Scope.SYSTEM
                ? "No table. The server reads its configuration again; some parameters need a restart to take effect."
                : "No table. It holds for sessions that begin afterwards.";
    }
}
