package dev.hone.twin;

import dev.hone.change.CreateIndex;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.util.regex.Pattern;

/** Extensions that the source does not have, created in the twin because an index asked for needs them. */
final class Extensions {

    private static final Pattern TRIGRAM = Pattern.compile("\\bg(in|ist)_trgm_ops\\b");

    private final Session superuser;
    private final Session owner;

    Extensions(Session superuser, Session owner) {
        this.superuser = superuser;
        this.owner = owner;
    }

    /** Creates what the operator classes of an index come from. */
    void needed(CreateIndex index) throws SQLException {
        if (index.keys().stream().anyMatch(key -> TRIGRAM.matcher(key).find())) {
            install("pg_trgm");
        }
    }

    /** Creates an extension where names are looked up; false if this PostgreSQL does not have it. */
    boolean install(String name) throws SQLException {
        String known = superuser
                .text("SELECT CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = " + Sql.literal(name)
                        + ") THEN 'created' WHEN EXISTS (SELECT FROM pg_available_extensions WHERE name = "
                        + Sql.literal(name) + ") THEN 'available' ELSE 'unknown' END")
                .orElseThrow();
        if (!known.equals("available")) {
            return known.equals("created");
        }
        String schema = owner.text("SELECT current_schema()").orElse("public");
        superuser.execute(
                "CREATE EXTENSION " + Sql.identifier(name) + " SCHEMA " + Sql.identifier(schema) + " CASCADE");
        return true;
    }
}
