package dev.hone.workload;

import dev.hone.HoneException;
import dev.hone.postgres.Server;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rows that the sample queries of a script returned, in text form. Immutable and safe for concurrent use.
 */
public final class SampleValues {

    /** The most rows kept of one sample query: enough to show its skew, little enough to hold. */
    public static final int MOST_ROWS = 10_000;

    private final Map<Script.Sample, List<List<@Nullable String>>> rows;

    private SampleValues(Map<Script.Sample, List<List<@Nullable String>>> rows) {
        this.rows = Map.copyOf(rows);
    }

    /** No rows: for work without a server. */
    public static SampleValues none() {
        return new SampleValues(Map.of());
    }

    /**
     * Runs every sample query of a script in one read-only transaction, as the role and with the search path that the
     * address stands for, and keeps the first {@value #MOST_ROWS} rows of each.
     *
     * @param statementTimeout the longest that one query may take
     * @throws HoneException of kind {@code USAGE} if a query fails or has not as many columns as it names parameters, of
     *     kind {@code REFUSED} if it writes
     */
    public static SampleValues read(Server server, Script script, Duration statementTimeout) {
        return server.read(statementTimeout, handle -> {
            handle.execute("SET LOCAL search_path TO DEFAULT");
            Map<Script.Sample, List<List<@Nullable String>>> rows = new HashMap<>();
            for (Script.Request request : script.requests()) {
                for (Script.Sample sample : request.samples()) {
                    // One sample may stand in several requests; it then has the same rows in all of them.
                    if (!rows.containsKey(sample)) {
                        rows.put(sample, run(handle.getConnection(), script, request, sample));
                    }
                }
            }
            return new SampleValues(rows);
        });
    }

    /** The rows of a sample, each with a value per parameter; empty if it returned none or was not run. */
    public List<List<@Nullable String>> rows(Script.Sample sample) {
        return rows.getOrDefault(sample, List.of());
    }

    private static List<List<@Nullable String>> run(
            Connection connection, Script script, Script.Request request, Script.Sample sample) {
        String where = script.name() + ": the sample of :" + String.join(", :", sample.parameters()) + " of request '"
                + request.name() + "' ";
        try (Statement statement = connection.createStatement()) {
            statement.setMaxRows(MOST_ROWS);
            try (ResultSet result = statement.executeQuery(sample.query())) {
                int columns = result.getMetaData().getColumnCount();
                if (columns != sample.parameters().size()) {
                    throw HoneException.usage(
                            where + "returns " + columns + " columns for "
                                    + sample.parameters().size() + " parameters",
                            "Nothing was run. Name one parameter for each column, in their order.");
                }
                List<List<@Nullable String>> rows = new ArrayList<>();
                while (result.next()) {
                    List<@Nullable String> row = new ArrayList<>(columns);
                    for (int column = 1; column <= columns; column++) {
                        row.add(result.getString(column));
                    }
                    rows.add(Collections.unmodifiableList(row));
                }
                return Collections.unmodifiableList(rows);
            }
        } catch (SQLException e) {
            if ("25006".equals(e.getSQLState())) {
                throw HoneException.refused(
                        where + "writes: " + e.getMessage(), "Nothing was changed. Samples must only read.");
            }
            throw HoneException.usage(
                    where + "failed: " + e.getMessage(),
                    "Nothing was run. Try the query in psql as the same role, and correct it.");
        }
    }
}
