package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Building an index anew. The server builds the new one as {@code name_ccnew}, swaps the names, so that the old one is
 * {@code name_ccold}, and drops that. Cut off in between it leaves one of the two, invalid, and a second attempt leaves
 * them where they are; so Hone remembers which were there before and removes those that have come.
 */
record Reindexing(Reindex change) implements Operation {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /**
     * What was there before.
     *
     * @param oid of the index: another one bears its name once the new one is in place
     * @param strangers half-built indexes of earlier attempts that are not ours
     */
    private record Before(long oid, String definition, List<String> strangers) {}

    /** A half-built or half-removed index. */
    private record Leftover(String schema, String name) {}

    @Override
    public Outlook look(Surroundings surroundings) {
        Server server = surroundings.server();
        Schema schema = new Schema(server);
        Schema.Found found = schema.find(change.schema(), change.name()).orElse(null);
        if (found == null || found.definition() == null) {
            return Outlook.refused("index " + change.subject() + " does not exist", "Make the proposal anew.");
        }
        if (found.partitioned()) {
            return Outlook.refused(
                    "index " + change.subject() + " is partitioned and has no storage of its own",
                    "Rebuild the indexes of its partitions, one by one.");
        }
        if (!found.owned()) {
            return Outlook.refused(
                    "this role does not own index " + change.subject(), "Deploy as the owner of its table.");
        }
        if (exclusion(server)) {
            return Outlook.refused(
                    "an exclusion constraint rests on index " + change.subject()
                            + ", and PostgreSQL rebuilds such a one only under a lock that stops writers",
                    "Run REINDEX INDEX " + change.subject() + " when writers can wait.");
        }
        Optional<Before> earlier = surroundings.journaled().before(Before.class);
        Before before = surroundings.begun() && earlier.isPresent()
                ? earlier.get()
                : new Before(
                        found.oid(),
                        String.valueOf(found.definition()),
                        leftovers(server).stream().map(Leftover::name).toList());
        return Outlook.ready(
                before,
                change.sql(),
                List.of(),
                before.strangers().isEmpty()
                        ? ""
                        : "an earlier attempt, not Hone's, left " + String.join(", ", before.strangers())
                                + ", which writers maintain and no query uses: DROP INDEX CONCURRENTLY it, if nobody"
                                + " is building it");
    }

    private boolean exclusion(Server server) {
        return server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.tag("exclusion", """
                                SELECT EXISTS (SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                                               JOIN pg_namespace n ON n.oid = c.relnamespace
                                               WHERE i.indisexclusion AND n.nspname = :schema AND c.relname = :name)"""))
                        .bind("schema", change.schema())
                        .bind("name", change.name())
                        .mapTo(Boolean.class)
                        .one());
    }

    private List<Leftover> leftovers(Server server) {
        return server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(Reindexing.class, "reindex_leftovers", server.version()))
                        .bind("schema", change.schema())
                        .bind("name", change.name())
                        .map((rs, context) -> new Leftover(rs.getString("schema"), rs.getString("name")))
                        .list());
    }

    private void removeLeftovers(Workbench workbench, @Nullable Before before) throws SQLException {
        for (Leftover one : leftovers(workbench.control())) {
            if (before != null && !before.strangers().contains(one.name())) {
                workbench.runPatiently("DROP INDEX CONCURRENTLY IF EXISTS " + Sql.identifier(one.schema(), one.name()));
            }
        }
    }

    @Override
    public void apply(Workbench workbench, Outlook outlook) throws SQLException {
        Before before = new Journaled(true, List.of(), outlook.before())
                .before(Before.class)
                .orElseThrow();
        try {
            workbench.again(0, () -> {
                removeLeftovers(workbench, before);
                Optional<Schema.Found> found = workbench.schema().find(change.schema(), change.name());
                if (found.filter(index -> index.valid() && index.oid() != before.oid())
                        .isEmpty()) {
                    workbench.buildOnce(change.sql().getFirst(), null, 0, Watch.TOTAL);
                }
            });
        } catch (SQLException failure) {
            try {
                workbench.revive();
                removeLeftovers(workbench, before);
            } catch (SQLException | RuntimeException e) {
                throw new Workbench.Leftover(failure, e);
            }
            throw failure;
        }
    }

    @Override
    public Outcome verify(Workbench workbench, Outlook outlook) throws SQLException {
        Schema.Found found =
                workbench.schema().find(change.schema(), change.name()).orElse(null);
        if (found == null
                || !found.valid()
                || !Objects.equals(found.definition(), outlook.before().get("definition"))) {
            throw new SQLException("after the rebuild, " + change.subject() + " is not valid, or another one", "XX000");
        }
        return new Outcome(StepState.APPLIED, outlook.note(), found.oid());
    }

    @Override
    public Outcome undo(Workbench workbench, Journaled journaled) throws SQLException {
        removeLeftovers(workbench, journaled.before(Before.class).orElse(null));
        return Outcome.undone("nothing to take back: the index is the same as before");
    }
}
