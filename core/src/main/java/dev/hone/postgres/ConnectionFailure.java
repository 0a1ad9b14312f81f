package dev.hone.postgres;

import dev.hone.HoneException;
import dev.hone.HoneException.Kind;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Turns the driver's failure to connect into words that help. */
final class ConnectionFailure {

    private static final String UNCHANGED = "Nothing was read or changed. ";

    private ConnectionFailure() {}

    static HoneException explain(ServerAddress address, SQLException e) {
        @Nullable String state = e.getSQLState();
        String advice = switch (state == null ? "" : state) {
            case "28P01", "28000" ->
                "Check the role and its password: PGPASSWORD, a password file (~/.pgpass, mode 0600) or PGPASSFILE,"
                        + " and the server's pg_hba.conf.";
            case "3D000" -> "Check the database's name; `psql -l` lists those the server has.";
            case "53300" ->
                "The server has no connection left: try again, or connect as a role that may use the reserved ones.";
            case "57P03" -> "The server is starting up or shutting down: try again in a moment.";
            case "08001", "08004", "08006" ->
                "Check that the server runs and that host and port are right; `pg_isready` asks the same question.";
            default -> "Check the address, the role and the server's log.";
        };
        String reason = e.getMessage() == null ? "no reason given" : firstLine(e.getMessage());
        return new HoneException(
                Kind.UNREACHABLE, "Cannot connect to " + address + ": " + reason, UNCHANGED + advice, e);
    }

    private static String firstLine(String text) {
        int end = text.indexOf('\n');
        return end < 0 ? text : text.substring(0, end);
    }
}
