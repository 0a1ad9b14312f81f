package dev.hone.twin;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Catalog.Relation;
import dev.hone.postgres.Installation;
import dev.hone.postgres.ServerVersion;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Sql;
import dev.hone.twin.TwinRelation.Name;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The planner's double of a database: it plans statements as the source would, knows indexes that do not exist, and
 * can pretend that one is gone. Built from a Snapshot alone; the source is not asked again, and notices nothing.
 *
 * <p>It owns a local server. Not safe for use by several threads at once: each needs a twin of its own.
 */
public final class Twin implements AutoCloseable {

    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\d");
    private static final String EXPLAIN = "EXPLAIN (VERBOSE, FORMAT JSON";
    private static final String PLANNING_TIMEOUT = "30s";

    private final TwinServer server;
    private final Session superuser;
    private final Session owner;
    private final List<Omission> omissions;
    private final HypotheticalIndexes hypothetical;
    private final Extensions extensions;
    private final Assumptions assumptions;
    private final Map<Name, Set<Long>> hidden = new HashMap<>();
    private final boolean genericPlans;

    private Twin(
            TwinServer server,
            Session superuser,
            Session owner,
            Snapshot snapshot,
            List<Omission> omissions,
            Map<KeyCounter.Column, KeyCounts> keptCounts)
            throws SQLException {
        this.server = server;
        this.superuser = superuser;
        this.owner = owner;
        this.omissions = List.copyOf(omissions);
        extensions = new Extensions(superuser, owner);
        hypothetical = new HypotheticalIndexes(server, superuser, owner, extensions, keptCounts);
        assumptions = new Assumptions(server, superuser, owner, snapshot);
        genericPlans = superuser.version().isAtLeast(16);
    }

    /**
     * Builds the twin of a database.
     *
     * @param snapshot with catalog and statistics
     * @throws HoneException of kind {@code REFUSED} if there is no PostgreSQL of the source's major version on this
     *     machine, nor can be brought; of kind {@code FAILED} if the local server cannot be had
     */
    public static Twin build(Snapshot snapshot, Progress progress) {
        ServerVersion version = snapshot.database().version();
        if (version.major() < ServerVersion.OLDEST_MAJOR || version.major() > ServerVersion.NEWEST_MAJOR) {
            throw HoneException.refused(
                    "The twin serves PostgreSQL " + ServerVersion.OLDEST_MAJOR + " to " + ServerVersion.NEWEST_MAJOR
                            + "; this database is of " + version,
                    "Nothing was changed. What needs no twin works: `hone check`, `hone apply` and `hone bench`.");
        }
        // Its planner must be the source's own: another version's plans differ.
        Installation installation = Installation.of(version.major(), progress);
        if (snapshot.database().blockBytes() != RelationFile.PAGE_BYTES) {
            throw HoneException.refused(
                    "The twin has pages of " + RelationFile.PAGE_BYTES + " bytes; those of this database have "
                            + snapshot.database().blockBytes(),
                    "Nothing was changed. What needs no twin works.");
        }
        List<Omission> omissions = new ArrayList<>();
        TwinServer server = null;
        try (Progress.Task task = progress.begin("Building the twin", 6)) {
            task.at(0, "starting a local PostgreSQL");
            server = TwinServer.start(installation, snapshot.database());
            return build(snapshot, server, omissions, task);
        } catch (SQLException | IOException e) {
            if (server != null) {
                server.close();
            }
            throw HoneException.failed(
                    "Cannot build the twin: " + e.getMessage(),
                    "The database is unchanged. Run with --debug for the whole error.",
                    e);
        } catch (RuntimeException e) {
            if (server != null) {
                server.close();
            }
            throw e;
        }
    }

    /**
     * Builds several twins of a database at once, for as many threads: all of them, or none.
     *
     * @param count at least one
     * @param progress told of the first one
     * @throws HoneException as {@link #build(Snapshot, Progress)}
     */
    public static List<Twin> build(Snapshot snapshot, int count, Progress progress) {
        if (count < 1) {
            throw new IllegalArgumentException("no twin: " + count);
        }
        if (count == 1) {
            return List.of(build(snapshot, progress));
        }
        // Not all at once from the start: the first may have to bring the binaries, which the others then find.
        Installation.of(snapshot.database().version().major(), progress);
        List<Twin> built = new ArrayList<>();
        List<CompletableFuture<Twin>> others = new ArrayList<>();
        RuntimeException failure = null;
        try {
            for (int i = 1; i < count; i++) {
                CompletableFuture<Twin> other = new CompletableFuture<>();
                Thread.ofPlatform().name("hone-twin-build").start(() -> complete(other, snapshot));
                others.add(other);
            }
            built.add(build(snapshot, progress));
        } catch (RuntimeException e) {
            failure = e;
        }
        for (CompletableFuture<Twin> other : others) {
            try {
                built.add(other.join());
            } catch (CompletionException e) {
                failure = failure != null ? failure : e.getCause() instanceof RuntimeException cause ? cause : e;
            }
        }
        if (failure != null) {
            built.forEach(Twin::close);
            throw failure;
        }
        return List.copyOf(built);
    }

    private static void complete(CompletableFuture<Twin> future, Snapshot snapshot) {
        try {
            future.complete(build(snapshot, Progress.NONE));
        } catch (RuntimeException | Error e) {
            future.completeExceptionally(e);
        }
    }

    private static Twin build(Snapshot snapshot, TwinServer server, List<Omission> omissions, Progress.Task task)
            throws SQLException, IOException {
        Session superuser = server.superuser();
        HypotheticalIndexes.prepare(superuser);
        Map<KeyCounter.Column, KeyCounts> keptCounts = KeyEvidence.of(snapshot);
        Map<Name, TwinRelation> relations;
        Map<Long, IndexSize> known;
        try (Session builder = server.unprivileged()) {
            task.at(1, "tables, keys and indexes");
            new SchemaBuilder(snapshot.catalog(), superuser, builder, omissions::add).build();
            task.at(2, "statistics");
            relations = TwinRelation.all(superuser);
            StatisticsRestorer.of(superuser, builder, omissions::add).restore(snapshot, relations);
            new ExtendedStatisticsRestorer(superuser, builder, snapshot, omissions::add).restore();
            known = known(snapshot, new IndexSizer(superuser, builder, server, keptCounts), relations);
        }
        task.at(3, "settings");
        PlannerSettings.copy(snapshot, superuser, omissions::add);
        PlannerSettings.copyScope(snapshot, superuser, omissions::add);
        task.at(4, "files");
        // Our own questions to the catalogs, which have grown, are to be planned well too.
        superuser.execute("ANALYZE pg_class, pg_attribute, pg_index, pg_depend, pg_type, pg_namespace");
        superuser.close();
        server.forgetBuffers();
        superuser = server.superuser();
        extendFiles(snapshot, server, superuser, known, relations, omissions);
        task.at(5, "the planner");
        // A new session, which has cached nothing of the files as they were, and starts with the settings.
        Session owner = server.unprivileged();
        owner.execute("SET statement_timeout = '" + PLANNING_TIMEOUT
                + "'; SET default_transaction_read_only = on; SET plan_cache_mode = force_custom_plan");
        return new Twin(server, superuser, owner, snapshot, omissions, keptCounts);
    }

    /** What the indexes with figures in their metapages, which we cannot read at the source, are made up of. */
    private static Map<Long, IndexSize> known(Snapshot snapshot, IndexSizer sizer, Map<Name, TwinRelation> relations)
            throws SQLException {
        Map<Long, IndexSize> known = new HashMap<>();
        for (Relation relation : snapshot.catalog().relations()) {
            TwinRelation twin = relations.get(new Name(relation.schema(), relation.name()));
            if (twin != null
                    && twin.kind().equals("i")
                    && Set.of("gin", "brin").contains(String.valueOf(relation.accessMethod()))
                    && relation.currentPages() > 1
                    && relation.currentPages() <= RelationFile.MOST_PAGES) {
                known.put(twin.oid(), sizer.known(twin.oid(), relation.currentPages()));
            }
        }
        return known;
    }

    private static void extendFiles(
            Snapshot snapshot,
            TwinServer server,
            Session superuser,
            Map<Long, IndexSize> known,
            Map<Name, TwinRelation> relations,
            List<Omission> omissions)
            throws SQLException, IOException {
        Map<Long, Long> btrees = new HashMap<>();
        for (Relation relation : snapshot.catalog().relations()) {
            TwinRelation twin = relations.get(new Name(relation.schema(), relation.name()));
            if (twin != null && twin.kind().equals("i") && "btree".equals(relation.accessMethod())) {
                btrees.put(twin.oid(), relation.currentPages());
            }
        }
        Map<Long, Integer> heights = Heights.all(superuser, btrees);
        for (Relation relation : snapshot.catalog().relations()) {
            TwinRelation twin = relations.get(new Name(relation.schema(), relation.name()));
            if (twin == null || twin.path() == null || Set.of("f", "p", "I").contains(relation.kind())) {
                continue;
            }
            if (relation.currentPages() < 0 || relation.currentPages() > RelationFile.MOST_PAGES) {
                omissions.add(new Omission("length of " + relation.qualifiedName(), "malformed: no such length"));
                continue;
            }
            RelationFile file = server.file(twin.path());
            if (btrees.containsKey(twin.oid()) && relation.currentPages() > 1) {
                BtreePages.setHeight(file, heights.getOrDefault(twin.oid(), 0));
            }
            IndexSize size = known.get(twin.oid());
            if (size != null) {
                size.write(file);
            }
            file.extendTo(relation.currentPages());
        }
    }

    /** What the twin does not have of the source, so that plans which hang on it may differ. */
    public List<Omission> omissions() {
        return omissions;
    }

    /**
     * Plans a statement. Where it holds placeholders ({@code $1}) it is planned for any value of them.
     *
     * @throws PlanException if it cannot be planned
     */
    public Plan explain(String sql) {
        if (!PLACEHOLDER.matcher(sql).find()) {
            return plan(sql, EXPLAIN + ") " + sql);
        }
        return genericPlans ? plan(sql, EXPLAIN + ", GENERIC_PLAN) " + sql) : preparedPlan(sql);
    }

    /**
     * Plans a statement for given values of its placeholders, as a server does that is sent them.
     *
     * @param parameters values of $1, $2, … in PostgreSQL's text form
     * @throws PlanException if it cannot be planned, or a value does not fit
     */
    public Plan explain(String sql, List<@Nullable String> parameters) {
        if (parameters.isEmpty()) {
            return explain(sql);
        }
        String values = parameters.stream()
                .map(value -> value == null ? "NULL" : Sql.literal(value))
                .collect(Collectors.joining(", ", "(", ")"));
        return plan(sql, prepare(sql) + EXPLAIN + ") EXECUTE hone_statement" + values);
    }

    /** What EXPLAIN (GENERIC_PLAN) shows, where there is none yet. */
    private Plan preparedPlan(String sql) {
        try {
            owner.execute(prepare(sql));
            String nulls = owner.text(
                            "SELECT '(' || repeat('NULL, ', cardinality(parameter_types) - 1) || 'NULL)' FROM pg_catalog.pg_prepared_statements WHERE cardinality(parameter_types) > 0")
                    .orElse("");
            String explain =
                    "SET LOCAL plan_cache_mode = force_generic_plan; " + EXPLAIN + ") EXECUTE hone_statement" + nulls;
            Plan plan = plan(sql, explain);
            if (plan.nodes().noneMatch(Twin::isPruned)) {
                return plan;
            }
            // Partitions that NULL rules out when the plan starts are gone from what is shown, not from the costs.
            return plan(sql, prepare(sql) + "SET LOCAL enable_partition_pruning = off; " + explain);
        } catch (SQLException e) {
            throw new PlanException(sql, Session.reason(e), position(sql, prepare(sql), e), e);
        }
    }

    private static boolean isPruned(Plan.Node node) {
        return node.attributes().get("Subplans Removed") instanceof Number removed && removed.intValue() > 0;
    }

    private static String prepare(String sql) {
        return "DEALLOCATE ALL; PREPARE hone_statement AS " + stripped(sql) + "; ";
    }

    private Plan plan(String sql, String explain) {
        try {
            return owner.text(explain)
                    .map(Plan::parse)
                    .orElseThrow(() -> new PlanException(sql, "there is no plan for such a statement", null));
        } catch (SQLException e) {
            throw new PlanException(sql, Session.reason(e), position(sql, explain, e), e);
        }
    }

    private static int position(String sql, String sent, SQLException e) {
        int position = Session.position(e) - Math.max(0, sent.lastIndexOf(sql.strip())) + sql.indexOf(sql.strip());
        return position > 0 && position <= sql.length() ? position : 0;
    }

    /**
     * Lets the twin's PostgreSQL parse a text that is to be explained, without planning or running it.
     *
     * @throws PlanException if it is not exactly one statement that can be planned: a query, or an insert, update,
     *     delete or merge
     */
    public void requireOneStatement(String sql) {
        String prepare = "PREPARE hone_statement AS " + sql;
        try {
            String command = owner.command(prepare);
            if (!command.equals("PREPARE")) {
                throw new PlanException(sql, "there is no plan for " + command, null);
            }
        } catch (SQLException e) {
            throw new PlanException(sql, Session.reason(e), position(sql, prepare, e), e);
        }
    }

    /**
     * Reads what is to be pretended: {@code CREATE INDEX}, {@code DROP INDEX}, {@code CREATE STATISTICS}, {@code SET},
     * {@code ALTER TABLE … ALTER COLUMN … SET (n_distinct = …)}, or Hone's own {@code PARTITION TABLE … BY …}. The
     * twin's PostgreSQL parses it; nothing is left of that.
     *
     * @throws HoneException of kind {@code USAGE} if it is none of these, or PostgreSQL refuses it
     */
    public List<WhatIf> parse(String statement) {
        try {
            extensions.neededBy(statement);
        } catch (SQLException e) {
            throw HypotheticalIndexes.failed("Cannot create the extension that this needs in the twin", e);
        }
        return new WhatIfParser(superuser, owner).parse(statement);
    }

    /**
     * Pretends something, until what is returned is closed. Several hold together; they are to be closed in the
     * opposite order.
     *
     * @throws HoneException of kind {@code USAGE} or {@code FAILED} if it cannot be pretended; the twin is as before
     */
    public Assumption assume(WhatIf whatIf) {
        return assumptions.assume(this, whatIf);
    }

    /** Without the semicolon at its end, and with a line feed that ends a comment. */
    private static String stripped(String sql) {
        return sql.strip().replaceFirst(";+\\s*$", "") + "\n";
    }

    /**
     * Creates an index that exists only here. It is visible from now on.
     *
     * @throws HoneException of kind {@code FAILED} if there can be no such index; the twin is as before
     */
    public HypotheticalIndex create(CreateIndex index) {
        return hypothetical.create(index);
    }

    /**
     * Creates an extension that the source does not have, as it would be after CREATE EXTENSION there. The operator
     * classes of pg_trgm need no asking: {@link #create} does.
     *
     * @return whether the twin has it now; false if its PostgreSQL does not come with it
     */
    public boolean install(String extension) {
        try {
            return extensions.install(extension);
        } catch (SQLException e) {
            throw HypotheticalIndexes.failed("Cannot create extension " + extension + " in the twin", e);
        }
    }

    /**
     * Lets the keys of inverted indexes be counted where the rows are, from now on: their sizes are then estimated from
     * these, and no longer from statistics alone.
     */
    public void countKeys(KeyCounter counter) {
        hypothetical.countKeys(counter);
    }

    /** Drops an index that {@link #create} gave. */
    public void drop(HypotheticalIndex index) {
        hypothetical.drop(index);
    }

    /** Makes exactly these of the hypothetical indexes visible to the planner, and hides all others. */
    public void show(Collection<HypotheticalIndex> visible) {
        hypothetical.show(visible);
    }

    /**
     * Pretends that an index of the source is gone, or that it is back.
     *
     * @throws HoneException of kind {@code USAGE} if the twin has no such index
     */
    public void hideExisting(String schema, String index, boolean hide) {
        Name name = new Name(schema, index);
        if (hide == hidden.containsKey(name)) {
            return;
        }
        try {
            if (hide) {
                Set<Long> tree = HypotheticalIndexes.tree(
                        superuser,
                        "SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN"
                                + " ('i', 'I') AND n.nspname = " + Sql.literal(schema) + " AND c.relname = "
                                + Sql.literal(index));
                Set<Long> valid = HypotheticalIndexes.valid(superuser, tree);
                if (valid.isEmpty()) {
                    throw HoneException.usage(
                            "There is no index " + Sql.identifier(schema, index) + " in the twin",
                            "Nothing was changed. See the twin's omissions for what could not be rebuilt.");
                }
                HypotheticalIndexes.setValid(superuser, valid, false);
                hidden.put(name, valid);
            } else {
                HypotheticalIndexes.setValid(superuser, hidden.getOrDefault(name, Set.of()), true);
                hidden.remove(name);
            }
        } catch (SQLException e) {
            throw HypotheticalIndexes.failed("Cannot hide " + Sql.identifier(schema, index), e);
        }
    }

    /**
     * An index of the source to be pretended gone.
     *
     * @param name its name as it is, alone or after its schema and a point, or quoted as in SQL
     * @throws HoneException of kind {@code USAGE} if there is none or several of that name
     */
    public WhatIf.NoIndex existingIndex(String name) {
        return new WhatIfParser(superuser, owner).existingIndex(name);
    }

    /** Whether a plan uses a hypothetical index, or one of its partitions. */
    public boolean uses(Plan plan, HypotheticalIndex index) {
        try {
            Set<String> names = Set.copyOf(superuser.query(
                    "SELECT relname FROM pg_class WHERE oid IN ("
                            + HypotheticalIndexes.tree(superuser, Long.toString(index.oid())).stream()
                                    .map(String::valueOf)
                                    .collect(Collectors.joining(", "))
                            + ")",
                    row -> row.getString(1)));
            return plan.nodes().anyMatch(node -> node.index() != null && names.contains(node.index()));
        } catch (SQLException e) {
            throw HypotheticalIndexes.failed("Cannot look for an index in a plan", e);
        }
    }

    @Override
    public void close() {
        owner.close();
        superuser.close();
        server.close();
    }

    /** A file of the data directory could not be changed. */
    static UncheckedIOException unchecked(IOException e) {
        return new UncheckedIOException("cannot change a file of the twin", e);
    }
}
