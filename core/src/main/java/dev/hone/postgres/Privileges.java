package dev.hone.postgres;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the role may see, as {@code privileges.sql} asks.
 *
 * @param statementsSchema where pg_stat_statements is installed in this database; null if it is not
 */
public record Privileges(
        boolean allStats,
        boolean allSettings,
        String role,
        long hiddenTables,
        List<String> hiddenSchemas,
        List<String> rowSecurityTables,
        List<String> hiddenStatistics,
        @Nullable String statementsSchema,
        boolean statementsAvailable,
        boolean statementsLoaded) {

    List<BlindSpot> blindSpots(ServerVersion version) {
        String grantee = Sql.identifier(role);
        List<BlindSpot> blind = new ArrayList<>();
        if (!allStats) {
            blind.add(new BlindSpot(
                    "Other roles' sessions, queries and replication are hidden: long transactions, blockers and their"
                            + " workload cannot be seen.",
                    "GRANT pg_monitor TO " + grantee + ";"));
        } else if (!allSettings) {
            blind.add(new BlindSpot("Some settings are hidden.", "GRANT pg_read_all_settings TO " + grantee + ";"));
        }
        if (hiddenTables > 0) {
            blind.add(new BlindSpot(
                    "Planner statistics of " + hiddenTables
                            + " table(s) are hidden: pg_stats shows only what the role may"
                            + " SELECT. Advice about them would be guessing.",
                    version.isAtLeast(14) ? "GRANT pg_read_all_data TO " + grantee + ";" : grantSelect(grantee)));
        }
        if (!rowSecurityTables.isEmpty()) {
            blind.add(new BlindSpot(
                    "Row-level security hides the statistics of " + some(rowSecurityTables) + ".",
                    "ALTER ROLE " + grantee + " BYPASSRLS;"));
        }
        if (!hiddenStatistics.isEmpty()) {
            blind.add(new BlindSpot(
                    "Extended statistics are shown to the table's owner only: " + some(hiddenStatistics) + ".",
                    "Connect as the tables' owner, or as a role that is a member of it."));
        }
        if (statementsSchema == null || !statementsLoaded) {
            blind.add(new BlindSpot(
                    "pg_stat_statements is "
                            + (statementsSchema == null ? "not installed in this database" : "not loaded")
                            + ": the server's own workload cannot be read.",
                    statementsCure()));
        }
        return blind;
    }

    private String statementsCure() {
        String create = statementsSchema == null ? "CREATE EXTENSION pg_stat_statements;" : "";
        if (statementsLoaded) {
            return create;
        }
        String load = (statementsAvailable ? "" : "Install the server's contrib package. ")
                + "Add pg_stat_statements to shared_preload_libraries and restart the server";
        return create.isEmpty() ? load + "." : load + ", then " + create;
    }

    private String grantSelect(String grantee) {
        return String.join(
                " ",
                hiddenSchemas.stream()
                        .sorted()
                        .map(schema -> "GRANT USAGE ON SCHEMA " + Sql.identifier(schema) + " TO " + grantee
                                + "; GRANT SELECT ON ALL TABLES IN SCHEMA " + Sql.identifier(schema) + " TO " + grantee
                                + ";")
                        .toList());
    }

    private static String some(List<String> names) {
        return names.size() <= 5
                ? String.join(", ", names)
                : String.join(", ", names.subList(0, 5)) + " and " + (names.size() - 5) + " more";
    }
}
