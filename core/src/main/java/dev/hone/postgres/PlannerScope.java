package dev.hone.postgres;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What makes the planner decide differently for some roles or relations.
 *
 * @param roleSettings settings of the planner given to roles and databases
 * @param tablespaces those with costs of their own
 * @param rowSecurity tables with policies on rows, qualified and quoted
 */
public record PlannerScope(List<RoleSetting> roleSettings, List<Tablespace> tablespaces, List<String> rowSecurity) {

    public static final PlannerScope EMPTY = new PlannerScope(List.of(), List.of(), List.of());

    public PlannerScope {
        roleSettings = List.copyOf(roleSettings);
        tablespaces = List.copyOf(tablespaces);
        rowSecurity = List.copyOf(rowSecurity);
    }

    /**
     * A setting given by ALTER ROLE or ALTER DATABASE.
     *
     * @param role null for every role
     * @param database whether it holds in this database only
     */
    public record RoleSetting(@Nullable String role, boolean database, String name, String value) {}

    /**
     * A tablespace.
     *
     * @param options as {@code name=value}
     * @param relations what lies there by name, qualified and quoted; what lies in the database's own is not listed
     */
    public record Tablespace(String name, List<String> options, boolean databaseDefault, List<String> relations) {
        public Tablespace {
            options = List.copyOf(options);
            relations = List.copyOf(relations);
        }
    }

    /** What a role gets of a setting by ALTER ROLE, the narrower first; null for the role: by ALTER DATABASE. */
    Optional<String> given(@Nullable String role, String setting) {
        return roleSettings.stream()
                .filter(one -> one.name().equalsIgnoreCase(setting) && Objects.equals(one.role(), role))
                .sorted((one, other) -> Boolean.compare(other.database(), one.database()))
                .map(RoleSetting::value)
                .findFirst();
    }

    /** Whether a role has settings of the planner that are its own. */
    public boolean hasOwn(String role) {
        return roleSettings.stream().anyMatch(one -> role.equals(one.role()));
    }
}
