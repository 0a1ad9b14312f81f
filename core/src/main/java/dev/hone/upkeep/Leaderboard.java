package dev.hone.upkeep;

import dev.hone.HoneException;
import dev.hone.change.Change;
import dev.hone.change.CreateIndex;
import dev.hone.change.RunSql;
import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Ranks among many rows without counting them: how many rows each range of scores holds, kept by triggers, so that a rank
 * is the sum of the ranges above and an index count inside one range. No rank is stored, so none is ever stale.
 *
 * <p>Writers do not update the counts, for they would wait for each other on the range that all of them hit, and deadlock
 * over two: they append what came and went, score by score, and a worker folds that into the counts. A rank adds up
 * counts, what is not folded yet, and the rows of one range in one snapshot, so it is exact at any time. As what came and
 * went is kept by score and not by range, the ranges may be drawn anew at any time, from a snapshot, under no lock; the
 * folding does so when one has grown out of proportion. Needs {@code hone install}.
 *
 * @param name beginning of the objects' names, unquoted
 * @param score unquoted column; the highest is the first; rows where it is null have no rank
 * @param where the condition, in SQL, of the rows that are ranked; it must be immutable, and qualify what is not in
 *     pg_catalog; null for all
 * @param buckets into how many ranges the rows are to be parted
 */
public record Leaderboard(
        String name,
        TableShape table,
        String score,
        @Nullable String where,
        int buckets,
        Pace pace) {

    /** So many that both sums, of ranges and inside one, stay small up to some ten million rows. */
    public static final int DEFAULT_BUCKETS = 1000;

    public Leaderboard {
        if (name.isEmpty()) {
            throw HoneException.usage("The name is empty", "Nothing was changed. Give a name.");
        }
        if (buckets < 2 || buckets > 100_000) {
            throw HoneException.usage(
                    "The number of buckets must be from 2 to 100000: " + buckets,
                    "Nothing was changed. 1000 is usual.");
        }
        if (!table.column(score).comparable()) {
            throw HoneException.usage(
                    "Column " + Sql.identifier(score) + " of " + table.qualifiedName()
                            + " has no order of PostgreSQL's own",
                    "Nothing was changed. Rank by a number or a time.");
        }
        if (table.rowSecurity()) {
            throw HoneException.usage(
                    "Table " + table.qualifiedName()
                            + " has row-level security: its rows are not the same for everybody",
                    "Nothing was changed. A rank would count rows that its reader may not see.");
        }
    }

    /** Its name in {@code refresh_target}. */
    public String target() {
        return table.schema() + "." + name;
    }

    private String object(String ending) {
        return Sql.identifier(table.schema(), TableShape.named(name, ending));
    }

    private String type() {
        return table.column(score).type();
    }

    private String scoreColumn() {
        return Sql.identifier(score);
    }

    /** The rows that are ranked; a line of its own, so that a comment in the condition ends with it. */
    private String ranked() {
        return scoreColumn() + " IS NOT NULL" + (where == null ? "" : " AND (" + where + "\n)");
    }

    private Registration registration() {
        return new Registration(
                target(),
                table.schema(),
                TableShape.named(name, "_fold"),
                TableShape.named(name, "_delta"),
                pace,
                List.of(folded(), drawn()),
                List.of(TableShape.named(name, "_rebucket")));
    }

    /** The changes that make it, in order; each with its undo. The first builds the index, unless there is one. */
    public List<Change> changes() {
        Triggers triggers = triggers();
        List<String> sql = new ArrayList<>();
        sql.add("CREATE TABLE " + object("_bucket") + " (number integer NOT NULL, low " + type()
                + ", rows bigint NOT NULL, rows_at_first bigint NOT NULL)");
        sql.add("CREATE INDEX ON " + object("_bucket") + " (low)");
        sql.add("COMMENT ON TABLE " + object("_bucket") + " IS "
                + Sql.literal("hone: how many rows of " + table.qualifiedName()
                        + " have a score from low to the next low;" + " the lowest range has none"));
        sql.add("CREATE TABLE " + object("_delta") + " (score " + type()
                + ", came bigint, at timestamptz NOT NULL DEFAULT clock_timestamp(), spent_ms real)"
                + Registration.queueOptions());
        sql.add("COMMENT ON TABLE " + object("_delta") + " IS "
                + Sql.literal("hone: what came and went since " + object("_fold")
                        + " ran; rows with spent_ms say how long a trigger took"));
        sql.addAll(triggers.functions());
        sql.add(rebucket());
        sql.add(fold());
        sql.add(rank());
        sql.add(percentile());
        for (String own : List.of(
                "_rebucket(integer)", "_fold(integer)", "_rank(" + type() + ")", "_percentile(" + type() + ")")) {
            sql.add("REVOKE ALL ON FUNCTION " + signature(own) + " FROM PUBLIC");
            sql.add(table.given("FUNCTION " + signature(own)));
        }
        sql.add(table.given("TABLE " + object("_bucket")));
        sql.add(table.given("TABLE " + object("_delta")));
        for (String reader : table.readers()) {
            String to = reader.isEmpty() ? "PUBLIC" : Sql.identifier(reader);
            sql.add("GRANT SELECT ON " + object("_bucket") + ", " + object("_delta") + " TO " + to);
            sql.add("GRANT EXECUTE ON FUNCTION " + signature("_rank(" + type() + ")") + ", "
                    + signature("_percentile(" + type() + ")") + " TO " + to);
        }
        List<String> undo = new ArrayList<>();
        for (String own : List.of(
                "_percentile(" + type() + ")", "_rank(" + type() + ")", "_fold(integer)", "_rebucket(integer)")) {
            undo.add("DROP FUNCTION IF EXISTS " + signature(own));
        }
        undo.addAll(triggers.dropFunctions());
        undo.add("DROP TABLE IF EXISTS " + object("_delta") + ", " + object("_bucket"));

        List<Change> changes = new ArrayList<>();
        if (where != null || !table.indexed().contains(score)) {
            changes.add(new CreateIndex(
                    table.schema(),
                    table.name(),
                    TableShape.named(name, "_score_idx"),
                    false,
                    "btree",
                    List.of(scoreColumn()),
                    List.of(),
                    where));
        }
        changes.add(new RunSql("create counts and functions of " + target(), sql, undo, true));
        changes.addAll(triggers.triggers());
        changes.add(new RunSql(
                "count and register " + target(),
                List.of(
                        "SELECT " + object("_rebucket") + "(" + buckets + ")",
                        registration().insert()),
                List.of(registration().delete()),
                true));
        return changes;
    }

    private String signature(String own) {
        int open = own.indexOf('(');
        return object(own.substring(0, open)) + own.substring(open);
    }

    private Triggers triggers() {
        String into = "INSERT INTO " + object("_delta") + " (score, came)\n";
        return new Triggers(
                table,
                name,
                object("_delta"),
                into + "SELECT " + scoreColumn() + ", count(*) FROM new_rows WHERE " + ranked() + " GROUP BY 1",
                null,
                // What a statement leaves as it was comes and goes, and falls out of the sum.
                into + "SELECT score, sum(one) FROM (\n    SELECT " + scoreColumn()
                        + " AS score, -1 AS one FROM old_rows WHERE " + ranked() + "\n    UNION ALL\n    SELECT "
                        + scoreColumn() + ", 1 FROM new_rows WHERE " + ranked()
                        + ") AS moves\nGROUP BY score HAVING sum(one) <> 0",
                into + "SELECT " + scoreColumn() + ", -count(*) FROM old_rows WHERE " + ranked() + " GROUP BY 1",
                into + "SELECT " + scoreColumn() + ", -count(*) FROM " + Triggers.EMPTIED + " WHERE " + ranked()
                        + " GROUP BY 1",
                "");
    }

    /** The lock that {@code refresh_now} takes too; until the end of the transaction. */
    private String lock() {
        return "PERFORM pg_advisory_xact_lock(1752133222, hashtext(" + Sql.literal(target()) + "));";
    }

    private String counts() {
        return "SELECT " + scoreColumn() + " AS score, count(*) AS n FROM " + table.qualifiedName() + " WHERE "
                + ranked() + " GROUP BY 1";
    }

    /**
     * Counts everything anew, in as many ranges as the first parameter says. In one statement, so in one snapshot: what is
     * counted here is not counted again as having come.
     */
    private String drawn() {
        return """
                WITH gone AS (DELETE FROM %1$s RETURNING at, spent_ms),
                %2$s,
                before AS (DELETE FROM %3$s),
                counts AS (%4$s),
                placed AS (SELECT score, n, sum(n) OVER (ORDER BY score) - n AS below, sum(n) OVER () AS total FROM counts),
                parts AS (
                    SELECT min(score) AS low, sum(n)::bigint AS rows, row_number() OVER (ORDER BY min(score)) AS number
                    FROM placed GROUP BY floor(below * $1 / total)
                )
                INSERT INTO %3$s (number, low, rows, rows_at_first)
                SELECT number, CASE WHEN number > 1 THEN low END, rows, rows FROM parts""".formatted(object("_delta"), Registration.notedTimes(target(), "gone"), object("_bucket"), counts());
    }

    private String rebucket() {
        return """
                CREATE FUNCTION %s(buckets integer DEFAULT %d) RETURNS bigint
                LANGUAGE plpgsql VOLATILE
                SET search_path = pg_catalog, pg_temp
                AS %s""".formatted(
                        object("_rebucket"), buckets, Triggers.body("""

                #variable_conflict use_column
                <<hone>>
                DECLARE
                    made bigint;
                BEGIN
                    IF buckets IS NULL OR buckets NOT BETWEEN 2 AND 100000 THEN
                        RAISE EXCEPTION 'buckets must be from 2 to 100000, not %%', buckets;
                    END IF;
                    %1$s
                    %2$s;
                    GET DIAGNOSTICS made = ROW_COUNT;
                    IF made = 0 THEN
                        INSERT INTO %3$s (number, low, rows, rows_at_first) VALUES (1, NULL, 0, 0);
                    END IF;
                    RETURN made;
                END
                """.formatted(lock(), drawn(), object("_bucket"))));
    }

    /** Adds a batch of what came and went, as many as the first parameter says, to the counts. */
    private String folded() {
        return """
                WITH %1$s,
                moves AS (SELECT score, sum(came) AS came FROM gone GROUP BY score HAVING sum(came) <> 0),
                sums AS (
                    SELECT coalesce((SELECT b.number FROM %2$s b WHERE b.low <= moves.score ORDER BY b.low DESC LIMIT 1), 1) AS number,
                           sum(came)::bigint AS came
                    FROM moves GROUP BY 1
                )
                UPDATE %2$s b SET rows = b.rows + sums.came FROM sums WHERE b.number = sums.number""".formatted(Registration.taken(target(), object("_delta")), object("_bucket"));
    }

    private String fold() {
        return """
                CREATE FUNCTION %s(batch_rows integer) RETURNS bigint
                LANGUAGE plpgsql VOLATILE
                SET search_path = pg_catalog, pg_temp
                AS %s""".formatted(object("_fold"), Triggers.body("""

                #variable_conflict use_column
                DECLARE
                    done bigint;
                BEGIN
                    %1$s
                    %2$s;
                    GET DIAGNOSTICS done = ROW_COUNT;
                    -- Some range has grown to four times what it was.
                    IF EXISTS (SELECT FROM %3$s WHERE rows > 4 * greatest(rows_at_first, 100)) THEN
                        -- The argument keeps anybody's function of that name without one from being called instead.
                        PERFORM %4$s(%5$d);
                    END IF;
                    RETURN done;
                END
                """.formatted(
                        lock(), folded(), object("_bucket"), object("_rebucket"), buckets)));
    }

    private String rank() {
        String condition = where == null ? "" : " AND (" + where + "\n)";
        return """
                CREATE FUNCTION %s("of" %s) RETURNS bigint
                LANGUAGE plpgsql STABLE
                SET search_path = pg_catalog, pg_temp
                AS %s""".formatted(object("_rank"), type(), Triggers.body("""

                #variable_conflict use_column
                <<hone>>
                DECLARE
                    edge  %1$s;
                    above bigint;
                BEGIN
                    -- Being stable, all of it reads in the snapshot of the query that calls it.
                    IF $1 IS NULL THEN
                        RETURN NULL;
                    END IF;
                    SELECT b.low INTO edge FROM %2$s b WHERE b.low > $1 ORDER BY b.low LIMIT 1;
                    IF edge IS NULL THEN
                        SELECT count(*) INTO above FROM %4$s AS ranked WHERE %5$s > $1%6$s;
                    ELSE
                        SELECT count(*) + (SELECT coalesce(sum(b.rows), 0) FROM %2$s b WHERE b.low >= hone.edge)
                               + (SELECT coalesce(sum(d.came), 0) FROM %3$s d WHERE d.score >= hone.edge)
                        INTO above FROM %4$s AS ranked WHERE %5$s > $1 AND %5$s < hone.edge%6$s;
                    END IF;
                    RETURN above + 1;
                END
                """.formatted(
                        type(), object("_bucket"), object("_delta"), table.qualifiedName(), scoreColumn(), condition)));
    }

    private String percentile() {
        return """
                CREATE FUNCTION %s("of" %s) RETURNS double precision
                LANGUAGE sql STABLE
                SET search_path = pg_catalog, pg_temp
                AS %s""".formatted(object("_percentile"), type(), Triggers.body("""

                    SELECT 100 * (1 - (%1$s($1) - 1)
                                      / nullif((SELECT sum(b.rows) FROM %2$s b)
                                               + coalesce((SELECT sum(d.came) FROM %3$s d WHERE d.spent_ms IS NULL), 0), 0)::double precision)
                """.formatted(
                        object("_rank"), object("_bucket"), object("_delta"))));
    }
}
