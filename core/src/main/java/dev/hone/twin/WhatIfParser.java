package dev.hone.twin;

import dev.hone.HoneException;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.ServerVersion;
import dev.hone.postgres.Sql;
import dev.hone.twin.TwinRelation.Name;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads statements for what they would change. No grammar of our own: the statement runs in the twin, over tables that
 * are empty meanwhile, the catalogs then say what it did, and it is rolled back.
 */
final class WhatIfParser {

    private static final String GAP = "(?:\\s|--[^\\n]*\\n|/\\*.*?\\*/)";

    /** A reserved word, so that in this place it is never a name. */
    private static final Pattern CONCURRENTLY =
            Pattern.compile("^(.*?\\bINDEX" + GAP + "+)CONCURRENTLY\\b", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private static final Pattern SETTING = Pattern.compile(
            "^" + GAP + "*SET" + GAP + "+(?:(?:SESSION|LOCAL)" + GAP + "+)?(\"?[\\w.]+\"?)" + GAP + "*(?:=|\\bTO\\b)",
            Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private static final Pattern PARTITION = Pattern.compile(
            "^\\s*PARTITION\\s+(?:TABLE\\s+)?(.+?)\\s+BY\\s+(RANGE|HASH)\\s*\\((.+)\\)\\s*(?:(EVERY)\\s+'([^']+)'|(EVERY)\\s+([0-9.]+)"
                    + "|INTO\\s+([0-9]{1,4})(?:\\s+PARTITIONS)?|AT\\s*\\((.+)\\))\\s*;?\\s*$",
            Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private static final ServerVersion EVERY_VERSION = new ServerVersion(ServerVersion.OLDEST_MAJOR * 10_000);

    private final Session superuser;
    private final Session owner;

    WhatIfParser(Session superuser, Session owner) {
        this.superuser = superuser;
        this.owner = owner;
    }

    List<WhatIf> parse(String statement) {
        try {
            Matcher partition = PARTITION.matcher(statement);
            if (partition.matches()) {
                return List.of(partitioned(partition));
            }
            String command = owner.command(statement);
            return switch (command) {
                case "CREATE INDEX" -> List.of(newIndex(statement));
                case "DROP INDEX" -> noIndexes(statement);
                case "SET" -> List.of(setting(statement));
                case "CREATE STATISTICS" ->
                    List.of(new WhatIf.NewStatistics(statement.strip(), WhatIf.Measured.NOTHING));
                case "ALTER TABLE" -> distinctValues(statement);
                default -> throw usage("The twin cannot pretend " + command + ": " + brief(statement));
            };
        } catch (SQLException e) {
            int position = Session.position(e);
            throw usage("Not understood: " + brief(statement) + ": " + Session.reason(e)
                    + (position > 0 && !Session.reason(e).contains(" at or near ") && position <= statement.length()
                            ? " at character " + position
                            : ""));
        } catch (IllegalArgumentException e) {
            throw usage("Not understood: " + brief(statement) + ": " + e.getMessage());
        }
    }

    WhatIf.NoIndex existingIndex(String name) {
        String found = "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE"
                + " c.relkind IN ('i', 'I') AND c.oid >= 16384 AND ";
        try {
            String text = Sql.literal(name);
            List<Name> names = superuser.query(
                    found + "(c.relname = " + text + " OR n.nspname || '.' || c.relname = " + text + ")",
                    row -> new Name(row.getString(1), row.getString(2)));
            if (names.isEmpty()) {
                names = owner.query(
                        found + "c.oid = to_regclass(" + text + ")",
                        row -> new Name(row.getString(1), row.getString(2)));
            }
            if (names.size() == 1) {
                return new WhatIf.NoIndex(
                        names.getFirst().schema(), names.getFirst().name());
            }
            throw usage(
                    names.isEmpty()
                            ? "There is no index " + name + " in the twin"
                            : "There are several indexes " + name + ": write schema.name");
        } catch (SQLException e) {
            throw usage("There is no index " + name + " in the twin: " + Session.reason(e));
        }
    }

    private WhatIf newIndex(String statement) throws SQLException {
        return EmptyTables.during(
                superuser,
                () -> rolledBack(() -> {
                    owner.execute(CONCURRENTLY.matcher(statement).replaceFirst("$1"));
                    List<WhatIf.NewIndex> created =
                            indexes(owner, "i.xmin = pg_current_xact_id()::xid AND NOT c.relispartition");
                    if (created.isEmpty()) {
                        throw new IllegalArgumentException("there is an index of that name");
                    }
                    return created.getFirst();
                }));
    }

    /** Indexes of the twin's catalog, as they would be created. */
    static List<WhatIf.NewIndex> indexes(Session session, String condition) throws SQLException {
        return session.query(Sql.load(Twin.class, "index_definitions", EVERY_VERSION) + condition, row -> {
            String predicate = row.getString("predicate");
            return new WhatIf.NewIndex(
                    new CreateIndex(
                            row.getString("schema"),
                            row.getString("table_name"),
                            row.getString("name"),
                            row.getBoolean("is_unique"),
                            row.getString("method"),
                            strings(row, "keys"),
                            strings(row, "included"),
                            predicate),
                    strings(row, "ignored"));
        });
    }

    private List<WhatIf> noIndexes(String statement) throws SQLException {
        return rolledBack(() -> {
            List<Name> before = indexes();
            owner.execute(CONCURRENTLY.matcher(statement).replaceFirst("$1"));
            List<Name> gone = new ArrayList<>(before);
            gone.removeAll(indexes());
            if (gone.isEmpty()) {
                throw new IllegalArgumentException("there is no such index in the twin");
            }
            return gone.stream()
                    .map(name -> (WhatIf) new WhatIf.NoIndex(name.schema(), name.name()))
                    .toList();
        });
    }

    /** Those of partitions go with that of their table. */
    private List<Name> indexes() throws SQLException {
        return owner.query(
                "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE"
                        + " c.relkind IN ('i', 'I') AND c.oid >= 16384 AND NOT c.relispartition ORDER BY c.oid",
                row -> new Name(row.getString(1), row.getString(2)));
    }

    private WhatIf setting(String statement) throws SQLException {
        Matcher named = SETTING.matcher(statement);
        if (!named.find()) {
            throw new IllegalArgumentException("write SET name = value");
        }
        String name = named.group(1).replace("\"", "");
        PlannerSettings.require(owner, name);
        return rolledBack(() -> {
            owner.execute(statement);
            return new WhatIf.Setting(
                    name,
                    owner.text("SELECT pg_catalog.current_setting(" + Sql.literal(name) + ")")
                            .orElse(""));
        });
    }

    private List<WhatIf> distinctValues(String statement) throws SQLException {
        return EmptyTables.during(
                superuser,
                () -> rolledBack(() -> {
                    Map<List<String>, String> before = columnOptions();
                    owner.execute(statement);
                    Map<List<String>, String> after = columnOptions();
                    List<WhatIf> changes = new ArrayList<>();
                    after.forEach((column, distinct) -> {
                        if (!distinct.equals(before.get(column))) {
                            changes.add(new WhatIf.DistinctValues(
                                    column.get(0), column.get(1), column.get(2), Double.parseDouble(distinct)));
                        }
                    });
                    if (changes.isEmpty()) {
                        throw new IllegalArgumentException(
                                "of ALTER TABLE the twin can pretend ALTER COLUMN … SET (n_distinct = …)");
                    }
                    return changes;
                }));
    }

    private Map<List<String>, String> columnOptions() throws SQLException {
        Map<List<String>, String> options =
                new TreeMap<>((a, b) -> Arrays.compare(a.toArray(String[]::new), b.toArray(String[]::new)));
        owner.query(
                "SELECT n.nspname, c.relname, a.attname, o.option_value FROM pg_attribute a JOIN pg_class c ON c.oid ="
                        + " a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL"
                        + " pg_options_to_table(a.attoptions) o WHERE o.option_name = 'n_distinct'",
                row -> options.put(List.of(row.getString(1), row.getString(2), row.getString(3)), row.getString(4)));
        return options;
    }

    private WhatIf partitioned(Matcher parts) throws SQLException {
        List<Name> tables = owner.query(
                "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = "
                        + Sql.literal(parts.group(1)) + "::regclass",
                row -> new Name(row.getString(1), row.getString(2)));
        List<String> columns = owner.query(
                "SELECT unnest(pg_catalog.parse_ident("
                        + Sql.literal(parts.group(3).strip()) + "))",
                row -> row.getString(1));
        if (columns.size() != 1) {
            throw new IllegalArgumentException("partition by one column");
        }
        boolean hash = parts.group(2).equalsIgnoreCase("hash");
        String step = parts.group(5) != null ? parts.group(5) : parts.group(7);
        WhatIf.Scheme scheme;
        if (hash && parts.group(8) != null) {
            scheme = new WhatIf.Hash(Integer.parseInt(parts.group(8)));
        } else if (!hash && step != null) {
            scheme = new WhatIf.Every(step);
        } else if (!hash && parts.group(9) != null) {
            scheme = new WhatIf.Between(Arrays.stream(parts.group(9).split(",", -1))
                    .map(bound -> bound.strip().replaceFirst("^'(.*)'$", "$1"))
                    .toList());
        } else {
            throw new IllegalArgumentException("write BY RANGE (column) EVERY '1 month', or BY HASH (column) INTO 8");
        }
        return new WhatIf.Partitioned(
                tables.getFirst().schema(), tables.getFirst().name(), columns.getFirst(), scheme);
    }

    /** Runs something in a transaction of the owner, and takes it back. */
    private <T> T rolledBack(EmptyTables.Work<T> work) throws SQLException {
        owner.execute("BEGIN READ WRITE");
        try {
            return work.run();
        } finally {
            owner.execute("ROLLBACK");
        }
    }

    private static List<String> strings(ResultSet row, String column) throws SQLException {
        Array array = row.getArray(column);
        return array == null ? List.of() : List.of((String[]) array.getArray());
    }

    private static HoneException usage(String message) {
        return HoneException.usage(
                message,
                "Nothing was changed. What can be pretended: CREATE INDEX, DROP INDEX, CREATE STATISTICS, SET of a"
                        + " planner setting, ALTER TABLE … ALTER COLUMN … SET (n_distinct = …), PARTITION TABLE … BY …;"
                        + " one statement at a time.");
    }

    private static String brief(String statement) {
        String line = statement.strip().replaceAll("\\s+", " ");
        return line.length() <= 120 ? line : line.substring(0, 119) + "…";
    }
}
