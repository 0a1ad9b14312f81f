package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Creates a function or gives it another body: so also what a trigger does, without a lock on its table.
 *
 * @param name unquoted
 * @param arguments the types of its arguments, as {@code integer, text}; empty for a trigger function
 * @param definition the whole {@code CREATE OR REPLACE FUNCTION} statement, its name qualified
 */
public record ReplaceFunction(String schema, String name, String arguments, String definition) implements Change {

    private static final Pattern CREATE = Pattern.compile(
            "\\s*CREATE\\s+OR\\s+REPLACE\\s+(FUNCTION|PROCEDURE)\\s.*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    public ReplaceFunction {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(arguments, "arguments");
        Objects.requireNonNull(definition, "definition");
        if (!CREATE.matcher(definition).matches()) {
            throw new IllegalArgumentException("not a CREATE OR REPLACE FUNCTION statement: " + definition);
        }
    }

    @Override
    public String title() {
        return "replace function " + subject();
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, name) + "(" + arguments + ")";
    }

    @Override
    public List<String> sql() {
        return List.of(definition);
    }

    /** What it was before is known to a deployment only. */
    @Override
    public List<String> undoSql() {
        return List.of();
    }

    @Override
    public String byHand() {
        return "Its undo is what was there before: note that first, SELECT pg_get_functiondef('"
                + subject().replace("'", "''") + "'::regprocedure), or drop the function if it was not there.";
    }

    @Override
    public List<Proof> proofs() {
        return List.of(new Proof(
                "The function has its new body",
                "SELECT pg_get_functiondef(to_regprocedure(" + Sql.literal(subject()) + ")) AS definition",
                "what this step defines"));
    }

    @Override
    public String locks() {
        return "No table. Calls that have begun end with the old body.";
    }
}
