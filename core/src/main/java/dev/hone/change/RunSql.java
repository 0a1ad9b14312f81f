package dev.hone.change;

import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Runs statements of somebody's own.
 *
 * @param title what it does, in a few words
 * @param sql one statement each, without transaction control
 * @param undoSql what takes it back, in the order in which it is to run; empty if nothing does
 * @param transactional whether all of it happens or none, exactly once; if not, statements run one by one, and one during
 *     which Hone or the server was ended runs again
 */
public record RunSql(String title, List<String> sql, List<String> undoSql, boolean transactional) implements Change {

    private static final Pattern CONTROL = Pattern.compile(
            "\\s*(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|PREPARE\\s+TRANSACTION)\\b.*",
            Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    public RunSql {
        // They come from files too.
        Objects.requireNonNull(title, "title");
        sql = List.copyOf(sql);
        undoSql = List.copyOf(undoSql);
        if (sql.isEmpty()) {
            throw new IllegalArgumentException("no statement to run: " + title);
        }
        sql.forEach(RunSql::requireNoControl);
        undoSql.forEach(RunSql::requireNoControl);
    }

    private static void requireNoControl(String statement) {
        if (statement.isBlank() || CONTROL.matcher(statement).matches()) {
            throw new IllegalArgumentException("transactions are Hone's own business: " + statement);
        }
    }

    @Override
    public String subject() {
        return "the database";
    }

    @Override
    public String irreversible() {
        return undoSql.isEmpty() ? "No statement was given that takes it back." : "";
    }

    @Override
    public String takes() {
        return "as long as its statements take";
    }

    @Override
    public String locks() {
        return "What its statements lock"
                + (transactional ? ", until all of them have run; each waits for a lock a short time only." : ".");
    }
}
