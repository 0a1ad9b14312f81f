package dev.hone.guard;

/**
 * What a change is meant to do to a query.
 *
 * @param query its id in the workload: of pg_stat_statements, or the request's name in a script
 * @param sql its text, shortened as reports have it
 * @param gain what is gained over all its calls, in any unit that is the same for all; negative for what it is to lose
 */
public record Promise(String query, String sql, double gain) {

    private static final int SHOWN = 100;

    public Promise {
        sql = shown(sql);
    }

    boolean gains() {
        return gain > 0;
    }

    /** A statement on one short line. */
    static String shown(String sql) {
        String line = sql.replaceAll("\\s+", " ").strip();
        return line.length() <= SHOWN ? line : line.substring(0, SHOWN - 1) + "…";
    }
}
