package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Frees the room of dead rows in a table for new ones, and marks pages that all can see.
 *
 * @param analyze whether to refresh the planner's statistics as well
 * @param freeze whether to freeze every row that can be, which keeps wraparound away for longest
 */
public record Vacuum(
        String schema,
        String table,
        @MayBeAbsent boolean analyze,
        @MayBeAbsent boolean freeze) implements Change {

    public Vacuum {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(table, "table");
    }

    @Override
    public String title() {
        return (analyze ? "vacuum and analyze " : "vacuum ") + subject() + (freeze ? ", freezing its rows" : "");
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, table);
    }

    @Override
    public List<String> sql() {
        List<String> options = new ArrayList<>();
        if (freeze) {
            options.add("FREEZE");
        }
        if (analyze) {
            options.add("ANALYZE");
        }
        return List.of("VACUUM " + (options.isEmpty() ? "" : "(" + String.join(", ", options) + ") ") + subject());
    }

    @Override
    public List<String> undoSql() {
        return List.of();
    }

    @Override
    public List<Proof> proofs() {
        return List.of(new Proof(
                "The table was vacuumed",
                "SELECT greatest(s.last_vacuum, s.last_autovacuum) AS vacuumed, s.n_dead_tup FROM pg_stat_all_tables s WHERE"
                        + " s.relid = " + Proof.relation(schema, table),
                "a time after the deployment began"));
    }

    @Override
    public Optional<String> reads() {
        return Optional.of(Sql.identifier(schema, table));
    }

    @Override
    public String takes() {
        return "at most as long as it takes to read the table and its indexes";
    }

    @Override
    public String locks() {
        return "SHARE UPDATE EXCLUSIVE on the table while it runs: reads and writes go on; other DDL on this table waits. At its"
                + " end it may give empty pages at the table's end back, under a lock that it lets go when others wait.";
    }

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of(new Touched(schema, table)));
    }
}
