package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.Optional;

/** Refusals for want of a privilege, each with the statement that would grant it. */
final class Privileges {

    private Privileges() {}

    /** The refusal if the role does not own the table. */
    static Optional<Outlook> notOwned(Schema.Table table, String tableName) {
        return table.owned()
                ? Optional.empty()
                : Optional.of(Outlook.refused(
                        "role " + Sql.identifier(table.role()) + " does not own " + tableName,
                        "Deploy as its owner " + Sql.identifier(table.owner()) + ", or run: GRANT "
                                + Sql.identifier(table.owner()) + " TO " + Sql.identifier(table.role()) + ";"));
    }

    /** The refusal if the role may not add an object to the table, or not try its definition beforehand. */
    static Optional<Outlook> notExtensible(Schema.Table table, String tableName) {
        Optional<Outlook> notOwned = notOwned(table, tableName);
        if (notOwned.isPresent()) {
            return notOwned;
        }
        if (!table.mayCreate()) {
            return Optional.of(Outlook.refused(
                    "role " + Sql.identifier(table.role()) + " may not create objects beside " + tableName,
                    "Have the schema's owner run: GRANT CREATE ON SCHEMA … TO " + Sql.identifier(table.role()) + ";"));
        }
        if (!table.mayTemporary()) {
            return Optional.of(Outlook.refused(
                    "role " + Sql.identifier(table.role())
                            + " may not create temporary tables, on which the server tries a definition",
                    "Have the database's owner run: GRANT TEMPORARY ON DATABASE " + Sql.identifier(table.database())
                            + " TO " + Sql.identifier(table.role()) + ";"));
        }
        return Optional.empty();
    }
}
