package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Adds a trigger to a table.
 *
 * @param name unquoted
 * @param events what stands before ON: {@code AFTER UPDATE OF score}
 * @param action what stands after the table: {@code FOR EACH ROW EXECUTE FUNCTION public.f()}
 */
public record CreateTrigger(String schema, String table, String name, String events, String action) implements Change {

    public CreateTrigger {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(table, "table");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(events, "events");
        Objects.requireNonNull(action, "action");
    }

    @Override
    public String title() {
        return "create trigger " + name + " on " + subject();
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, table);
    }

    @Override
    public List<String> sql() {
        return List.of(statement(subject()));
    }

    String statement(String on) {
        return "CREATE TRIGGER " + Sql.identifier(name) + " " + events + " ON " + on + " " + action;
    }

    @Override
    public List<String> undoSql() {
        return List.of("DROP TRIGGER IF EXISTS " + Sql.identifier(name) + " ON " + subject());
    }

    @Override
    public List<Proof> proofs() {
        return List.of(Proof.inPlace(
                "The trigger is there and fires",
                "EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = " + Proof.relation(schema, table)
                        + " AND t.tgname = " + Sql.literal(name) + " AND NOT t.tgisinternal AND t.tgenabled <> 'D')"));
    }

    @Override
    public String locks() {
        return "SHARE ROW EXCLUSIVE on the table for a moment: reads go on, writes wait. Undo takes ACCESS EXCLUSIVE for a"
                + " moment.";
    }

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of(new Touched(schema, table)));
    }
}
