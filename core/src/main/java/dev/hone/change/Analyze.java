package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Optional;

/** Refreshes the planner's statistics of one table. */
public record Analyze(String schema, String table) implements Change {

    @Override
    public String title() {
        return "analyze " + subject();
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, table);
    }

    @Override
    public List<String> sql() {
        return List.of("ANALYZE " + subject());
    }

    @Override
    public List<String> undoSql() {
        return List.of();
    }

    @Override
    public List<Proof> proofs() {
        return List.of(new Proof(
                "The statistics are fresh",
                "SELECT greatest(s.last_analyze, s.last_autoanalyze) AS analyzed, s.n_mod_since_analyze FROM"
                        + " pg_stat_all_tables s WHERE s.relid = " + Proof.relation(schema, table),
                "a time after the deployment began; from PostgreSQL 14 on for partitioned tables too"));
    }

    @Override
    public String takes() {
        return "seconds: it reads a sample of the table";
    }

    @Override
    public String locks() {
        return "SHARE UPDATE EXCLUSIVE on the table while it samples: reads and writes go on.";
    }

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of(new Touched(schema, table)));
    }
}
