package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Checks all rows against a constraint that so far holds for new rows only ({@code NOT VALID}), so that the planner and
 * people can rely on it.
 *
 * @param name name of the constraint, unquoted
 */
public record ValidateConstraint(String schema, String table, String name) implements Change {

    public ValidateConstraint {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(table, "table");
        Objects.requireNonNull(name, "name");
    }

    @Override
    public String title() {
        return "validate constraint " + name + " of " + Sql.identifier(schema, table);
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, table);
    }

    @Override
    public List<String> sql() {
        return List.of("ALTER TABLE " + subject() + " VALIDATE CONSTRAINT " + Sql.identifier(name));
    }

    /** There is no way to call a constraint not valid again but to make it anew, in the words that the server has for it. */
    @Override
    public List<String> undoSql() {
        String constraint = Sql.identifier(name);
        String body = """

                DECLARE
                  definition text;
                  remark text;
                BEGIN
                  SELECT pg_get_constraintdef(k.oid), obj_description(k.oid, 'pg_constraint') INTO STRICT definition, remark
                  FROM pg_constraint k
                  WHERE k.conrelid = %s::regclass AND k.conname = %s;
                  IF definition NOT LIKE '%% NOT VALID' THEN
                    EXECUTE %s || definition || ' NOT VALID';
                    IF remark IS NOT NULL THEN
                      EXECUTE %s || quote_literal(remark);
                    END IF;
                  END IF;
                END
                """.formatted(
                        Sql.literal(subject()),
                        Sql.literal(name),
                        Sql.literal("ALTER TABLE " + subject() + " DROP CONSTRAINT " + constraint + ", ADD CONSTRAINT "
                                + constraint + " "),
                        Sql.literal("COMMENT ON CONSTRAINT " + constraint + " ON " + subject() + " IS "));
        return List.of("DO " + Sql.quoted(body));
    }

    @Override
    public List<Proof> proofs() {
        return List.of(Proof.inPlace(
                "The constraint is valid",
                "EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = " + Proof.relation(schema, table)
                        + " AND k.conname = " + Sql.literal(name) + " AND k.convalidated)"));
    }

    @Override
    public Optional<String> reads() {
        return Optional.of(subject());
    }

    @Override
    public String takes() {
        return "as long as it takes to read the table";
    }

    @Override
    public String locks() {
        return "SHARE UPDATE EXCLUSIVE on the table while all its rows are read, and ROW SHARE on the one a foreign key points to:"
                + " reads and writes go on. Undo puts it back under ACCESS EXCLUSIVE for a moment.";
    }

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of(new Touched(schema, table)));
    }
}
