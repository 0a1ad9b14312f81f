package dev.hone.guard;

/**
 * What a change is meant to do to a query.
 *
 * @param query its id in the workload: of pg_stat_statements, or the request's name in a script
 * @param gain what is gained over all its calls, in any unit that is the same for all; negative for what it is to lose
 */
public record Promise(String query, double gain) {

    boolean gains() {
        return gain > 0;
    }
}
