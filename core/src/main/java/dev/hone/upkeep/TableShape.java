package dev.hone.upkeep;

import dev.hone.HoneException;
import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;

/**
 * What the kit has to know of a table. Names are unquoted.
 *
 * @param partitioned whether it has partitions, and so no rows of its own
 * @param owner whose rights triggers run with
 * @param primaryKey its columns in order; empty for none
 * @param indexed columns that lead a valid btree index over all rows
 * @param readers roles that may read all of it, beside its owner; the empty name is PUBLIC
 */
public record TableShape(
        String schema,
        String name,
        boolean partitioned,
        String owner,
        List<String> primaryKey,
        List<Column> columns,
        List<String> indexed,
        boolean rowSecurity,
        List<String> readers) {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    public TableShape {
        primaryKey = List.copyOf(primaryKey);
        columns = List.copyOf(columns);
        indexed = List.copyOf(indexed);
        readers = List.copyOf(readers);
    }

    /**
     * A column.
     *
     * @param type as {@code format_type} writes it
     * @param comparable whether pg_catalog has an order, and so an equality, for it
     */
    public record Column(String name, String type, boolean comparable) {}

    /**
     * Reads it.
     *
     * @param name as in SQL: quoted where it must be, qualified or in {@code public}
     * @throws HoneException of kind {@code USAGE} if there is no such table, or triggers cannot serve it
     */
    public static TableShape read(Server server, String name) {
        Optional<TableShape> found = find(server, name);
        return found.orElseThrow(() -> HoneException.usage(
                "There is no table " + name,
                "Nothing was changed. Write it as in SQL: schema.table, with quotes where it needs them."));
    }

    private static Optional<TableShape> find(Server server, String name) {
        try {
            return server.read(
                    PATIENCE,
                    handle -> handle.createQuery(Sql.load(TableShape.class, "table_shape", server.version()))
                            .bind("name", name)
                            .map((rs, context) -> shape(rs))
                            .findOne());
        } catch (UnableToExecuteStatementException e) {
            // parse_ident: not a name at all.
            return Optional.empty();
        }
    }

    private static TableShape shape(ResultSet rs) throws SQLException {
        String full = Sql.identifier(rs.getString("schema"), rs.getString("name"));
        String kind = rs.getString("kind");
        if (!kind.equals("r") && !kind.equals("p")) {
            throw HoneException.usage(full + " is not a table", "Nothing was changed. Name a table.");
        }
        if (rs.getBoolean("partition")) {
            throw HoneException.usage(
                    full + " is a partition: statements on its partitioned table would not fire its triggers",
                    "Nothing was changed. Name the partitioned table.");
        }
        if (rs.getBoolean("inherits")) {
            throw HoneException.usage(
                    full + " inherits or is inherited from: a statement fires the triggers of the table it names alone",
                    "Nothing was changed. Partition it instead, and name the partitioned table.");
        }
        List<String> names = strings(rs.getArray("columns"));
        List<String> types = strings(rs.getArray("types"));
        Boolean[] comparable = (Boolean[]) rs.getArray("comparable").getArray();
        List<Column> columns = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            columns.add(new Column(names.get(i), types.get(i), comparable[i]));
        }
        return new TableShape(
                rs.getString("schema"),
                rs.getString("name"),
                kind.equals("p"),
                rs.getString("owner"),
                strings(rs.getArray("primary_key")),
                columns,
                strings(rs.getArray("indexed")),
                rs.getBoolean("row_security"),
                strings(rs.getArray("readers")));
    }

    private static List<String> strings(Array array) throws SQLException {
        return Arrays.asList((String[]) array.getArray());
    }

    /**
     * Statement that gives an object to the table's owner. Whoever deploys may be a superuser: what others fire is not to
     * run with his rights.
     *
     * @param object as {@code TABLE name} or {@code FUNCTION name(types)}
     */
    String given(String object) {
        return "ALTER " + object + " OWNER TO " + Sql.identifier(owner);
    }

    /** Qualified and quoted. */
    String qualifiedName() {
        return Sql.identifier(schema, name);
    }

    /**
     * A column by its unquoted name.
     *
     * @throws HoneException of kind {@code USAGE} if there is none
     */
    Column column(String wanted) {
        return columns.stream()
                .filter(column -> column.name().equals(wanted))
                .findFirst()
                .orElseThrow(() -> HoneException.usage(
                        "Table " + qualifiedName() + " has no column " + Sql.identifier(wanted),
                        "Nothing was changed. Its columns: "
                                + String.join(
                                        ", ", columns.stream().map(Column::name).toList())));
    }

    /** A name in its schema that begins as wanted, cut so that the ending fits in PostgreSQL's 63 bytes. */
    static String named(String name, String ending) {
        int length = name.length();
        while (bytes(name.substring(0, length)) + bytes(ending) > 63) {
            length = name.offsetByCodePoints(length, -1);
        }
        return name.substring(0, length) + ending;
    }

    private static int bytes(String text) {
        return text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
    }
}
