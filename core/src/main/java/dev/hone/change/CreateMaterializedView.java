package dev.hone.change;

import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the answer of a query in a table of its own, with the unique index that lets it be refreshed while it is read.
 *
 * @param name unquoted
 * @param query one SELECT
 * @param unique unquoted names of the columns that tell its rows apart
 * @param refreshSeconds how old it may become before it is to be refreshed, in seconds; null for no plan. It is written
 *     into the view's comment; refreshing is not this change's business
 */
public record CreateMaterializedView(
        String schema,
        String name,
        String query,
        List<String> unique,
        @Nullable Long refreshSeconds) implements Change {

    private static final int MOST_NAME_BYTES = 63;
    private static final String SUFFIX = "_key";

    public CreateMaterializedView {
        // They come from files too.
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(name, "name");
        query = query.strip().replaceFirst("\\s*;$", "");
        unique = List.copyOf(unique);
        if (unique.isEmpty()) {
            throw new IllegalArgumentException(
                    "without unique columns it could not be refreshed while it is read: " + name);
        }
        if (refreshSeconds != null && refreshSeconds < 1) {
            throw new IllegalArgumentException("refreshSeconds must be at least 1: " + refreshSeconds);
        }
    }

    @Override
    public String title() {
        return "create materialized view " + subject();
    }

    @Override
    public String subject() {
        return Sql.identifier(schema, name);
    }

    @Override
    public List<String> sql() {
        List<String> sql = new ArrayList<>();
        sql.add("CREATE MATERIALIZED VIEW " + subject() + " AS " + query);
        sql.add("CREATE UNIQUE INDEX " + Sql.identifier(index()) + " ON " + subject() + " ("
                + unique.stream().map(Sql::identifier).collect(Collectors.joining(", ")) + ")");
        if (refreshSeconds != null) {
            sql.add("COMMENT ON MATERIALIZED VIEW " + subject() + " IS "
                    + Sql.literal("hone: refresh every " + refreshSeconds + " s with " + refreshSql()));
        }
        return List.copyOf(sql);
    }

    /** The name of its unique index. */
    private String index() {
        return IndexName.cut(name, MOST_NAME_BYTES - SUFFIX.length()) + SUFFIX;
    }

    /** The statement that brings it up to date while it is read. */
    public String refreshSql() {
        return "REFRESH MATERIALIZED VIEW CONCURRENTLY " + subject();
    }

    @Override
    public List<String> undoSql() {
        return List.of("DROP MATERIALIZED VIEW IF EXISTS " + subject());
    }

    @Override
    public List<Proof> proofs() {
        return List.of(
                Proof.inPlace(
                        "The view is filled, and can be refreshed while it is read",
                        "EXISTS (SELECT FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid WHERE c.oid = "
                                + Proof.relation(schema, name)
                                + " AND c.relispopulated AND i.indisunique AND i.indisvalid)"),
                new Proof(
                        "Queries read it",
                        "SELECT s.seq_scan + coalesce(s.idx_scan, 0) AS reads FROM pg_stat_all_tables s WHERE s.relid = "
                                + Proof.relation(schema, name),
                        "rises once the application reads the view"));
    }

    @Override
    public String takes() {
        return "as long as its query takes";
    }

    @Override
    public String locks() {
        return "ACCESS SHARE on the tables it reads, while it is filled: reads and writes go on. It takes the room of its rows."
                + " Refreshing it holds EXCLUSIVE on the view alone: it can be read meanwhile.";
    }

    @Override
    public Optional<List<Touched>> touched() {
        return Optional.of(List.of(new Touched(schema, name)));
    }
}
