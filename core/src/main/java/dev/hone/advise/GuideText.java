package dev.hone.advise;

import dev.hone.change.AddForeignKeyIndex;
import dev.hone.change.Change;
import dev.hone.change.CreateIndex;
import dev.hone.change.CreateMaterializedView;
import dev.hone.change.DeployOptions;
import dev.hone.change.DeploymentPlan;
import dev.hone.change.PreCheck;
import dev.hone.change.Proof;
import dev.hone.postgres.ServerVersion;
import dev.hone.postgres.Sql;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a deployment guide says, phase by phase. Its statements run on every version that Hone serves. */
final class GuideText {

    private static final ServerVersion ANY = new ServerVersion(ServerVersion.OLDEST_MAJOR * 10_000);

    /** An index is sorted on disk before it is written, and written to the log as well. */
    private static final int ROOM = 3;

    private static final long LOCK_SECONDS = DeployOptions.DEFAULT.lockTimeout().toSeconds();

    private final Proposal proposal;
    private final Guide.@Nullable Look look;
    private final @Nullable DeploymentPlan plan;
    private final List<Block> blocks = new ArrayList<>();

    GuideText(Proposal proposal, Guide.@Nullable Look look) {
        this.proposal = proposal;
        this.look = look;
        this.plan = look == null ? null : look.plan();
    }

    static String title(Proposal proposal) {
        return "Deployment guide for " + proposal.database();
    }

    List<Block> blocks() {
        heading(1, title(proposal));
        words("For the proposal worked out " + proposal.createdAt() + " from " + proposal.workload() + ": "
                + Phrases.count(proposal.recommendations().size(), "change") + ".");
        if (proposal.recommendations().isEmpty()) {
            words("There is nothing to deploy.");
            return blocks;
        }
        words(
                "Six phases: prepare, deploy, watch, verify, roll back if need be, hand over. Phases 2 and 3 go on at the same"
                        + " time, in two windows. A blue/green deployment, for those who must not touch the live server, is at the"
                        + " end.");
        prepare();
        deploy();
        watch();
        verify();
        rollBack();
        handOver();
        blueGreen();
        return blocks;
    }

    private void prepare() {
        heading(2, "1. Prepare");
        long bytes = proposal.recommendations().stream()
                .mapToLong(one -> Math.max(0, one.sizeBytes()))
                .sum();
        List<String> points = new ArrayList<>();
        points.add(
                "A quiet hour: a concurrent build waits for every transaction that is older than itself. No dump, no long"
                        + " report and no other deployment meanwhile.");
        points.add(
                "The address of the primary itself, not of a pooler in transaction mode, and a role that owns the tables.");
        points.add(
                bytes == 0
                        ? "The proposal names no new space worth speaking of."
                        : "Free on the server's disk: " + Quantity.bytes(ROOM * bytes)
                                + " or more. The new objects take "
                                + Quantity.bytes(bytes)
                                + "; sorting and the write-ahead log each about as much for a while."
                                + " The server does not tell what is free: look on its machine.");
        points.add("Names for three parts: who decides to stop, who runs it, who watches.");
        points.add("The queries of phase 4 run once before, and their answers kept: they are what to compare with.");
        for (int i = 0; i < proposal.recommendations().size(); i++) {
            Change change = proposal.recommendations().get(i).change();
            if (!change.irreversible().isEmpty()) {
                points.add("A backup that was restored once on trial: step " + (i + 1) + " (" + change.title()
                        + ") cannot be taken back. " + change.irreversible());
            }
        }
        points(points);
        looked();
        words("Transactions that a build would wait for; there should be none:");
        query("guide_old_transactions");
        query("guide_prepared");
        words(
                "Replicas and slots, the disk, and what earlier attempts have left (no rows, or the deployment is not the first to"
                        + " try):");
        query("guide_replicas");
        query("guide_slots");
        query("guide_disk");
        query("guide_invalid");
    }

    private void looked() {
        if (look == null) {
            words(
                    "No server was looked at for this guide; with its address, hone guide PROPOSAL URL adds what it finds there. So"
                            + " does, right before the deployment:");
            code("sh", "hone apply PROPOSAL URL --dry-run");
            return;
        }
        if (plan == null) {
            words("The server could not be looked at (" + look.at() + "): " + look.failure()
                    + ". All that follows is from the proposal alone.");
            return;
        }
        words("Looked at " + look.address() + ", " + look.at() + ":");
        grid(
                List.of("check", "found", "what to do"),
                plan.checks().stream()
                        .map(check -> List.of(level(check.level()), check.message(), check.advice()))
                        .toList());
        words(
                plan.ready()
                        ? "Nothing stands against the deployment."
                        : "As things are, the deployment would be refused: see the checks, and the steps' notes.");
    }

    private static String level(PreCheck.Level level) {
        return switch (level) {
            case FINE -> "fine";
            case WARNING -> "warning";
            case REFUSED -> "refused";
        };
    }

    private void deploy() {
        heading(2, "2. Deploy");
        words(
                "The steps run in this order, one at a time: what later steps or plans rest on comes first, removals come last. The"
                        + " first step that fails ends the deployment; what it left is removed, what came before it stays. A deployment"
                        + " that was cut off goes on where it stopped when it is run again.");
        List<List<String>> rows = new ArrayList<>();
        for (int i = 0; i < proposal.recommendations().size(); i++) {
            Recommendation one = proposal.recommendations().get(i);
            rows.add(
                    List.of(Integer.toString(i + 1), one.change().title(), duration(i), Phrases.size(one.sizeBytes())));
        }
        grid(List.of("step", "change", "expected time", "size"), rows);
        code(
                "sh",
                "hone apply PROPOSAL URL --dry-run   # says what it would do, and changes nothing\nhone apply PROPOSAL URL");
        if (proposal.recommendations().stream()
                .allMatch(one -> one.change().irreversible().isEmpty())) {
            guard();
        }
        words("Or without Hone, file by file, each after the one before it was verified:");
        code("sh", "psql --no-psqlrc --set=ON_ERROR_STOP=1 --file=PROPOSAL/sql/001-….sql URL");
        for (int i = 0; i < proposal.recommendations().size(); i++) {
            step(i);
        }
    }

    /** What cannot be taken back is refused under guard. */
    private void guard() {
        words(
                "With --guard it looks at the queries for 3 minutes before and 10 minutes afterwards, and takes the deployment back by"
                        + " itself if they got slower or fail more often:");
        code("sh", "hone apply PROPOSAL URL --guard");
    }

    private void step(int i) {
        Recommendation one = proposal.recommendations().get(i);
        Change change = one.change();
        DeploymentPlan.Step planned = plan == null ? null : plan.steps().get(i);
        heading(3, "Step " + (i + 1) + ": " + change.title());
        words(one.reason());
        List<String> points = new ArrayList<>();
        points.add("Locks: " + change.locks());
        points.add("Expected time: " + duration(i));
        if (one.sizeBytes() != 0) {
            points.add("Size: " + Phrases.size(one.sizeBytes()));
        }
        if (!change.byHand().isEmpty()) {
            points.add("Without Hone: " + change.byHand());
        }
        if (planned != null && !planned.note().isEmpty()) {
            points.add((planned.ready() ? "On this server: " : "Refused on this server: ") + planned.note());
        }
        points(points);
        statements(planned == null || planned.sql().isEmpty() ? change.sql() : planned.sql());
        if (change.proofs().isEmpty()) {
            words("Whether it is in place only those know who wrote it: keep a query of theirs here.");
        }
        for (Proof proof : change.proofs()) {
            words(proof.shows() + ". Expected: " + proof.expected() + ".");
            code("sql", proof.sql() + ";");
        }
        List<String> undo = planned == null || planned.undoSql().isEmpty() ? change.undoSql() : planned.undoSql();
        if (undo.isEmpty()) {
            words("Rollback: "
                    + (change.irreversible().isEmpty() ? "there is nothing to take back." : change.irreversible()));
        } else {
            words("Rollback of this step alone, if no later step rests on it:");
            statements(undo);
        }
    }

    /** From the proposal, or else from what the server says there is to read. */
    private String duration(int i) {
        Recommendation one = proposal.recommendations().get(i);
        BuildTime time = one.buildTime();
        if (time != null) {
            return Phrases.buildTime(time) + ", an estimate";
        }
        long bytes = look == null || look.bytes().isEmpty() ? 0 : look.bytes().get(i);
        return bytes == 0
                ? one.change().takes()
                : Phrases.buildTime(BuildTime.ofReading((double) bytes)) + ", an estimate from the "
                        + Quantity.bytes(bytes) + " to read";
    }

    private void watch() {
        heading(2, "3. Watch");
        grid(
                List.of("what", "as it should be", "stop, and think of phase 5"),
                List.of(
                        List.of(
                                "sessions that wait for a lock",
                                "for " + LOCK_SECONDS
                                        + " s at most, now and then: a step asks, gives up, and asks again",
                                "one for more than 10 s, or more than 20 at once"),
                        List.of(
                                "a build that waits",
                                "until the transaction it names has ended",
                                "that is not going to end"),
                        List.of("replicas", "as far behind as before", "60 s behind, or ever further for 5 minutes"),
                        List.of(
                                "write-ahead log kept for slots",
                                "as much as before",
                                "half of what is free on the disk"),
                        List.of("disk", "fuller by what phase 1 says", "less than 10 % free"),
                        List.of("sessions", "below 80 % of max_connections", "above 90 %"),
                        List.of(
                                "times of queries",
                                "as before or better",
                                "20 % worse over 10 minutes and 1,000 calls, while queries that no step touches are not"),
                        List.of("errors of the application", "as before", "half as many again")));
        words("Who waits for whom:");
        query("guide_blocked");
        words("How far a build is, and for which process it waits:");
        query("guide_builds");
        words("Replicas, slots and disk, every minute:");
        query("guide_replicas");
        query("guide_slots");
        query("guide_disk");
        words("Sessions:");
        query("guide_sessions");
        words(
                "Hone ends nobody's session. To end a statement of the deployment itself: SELECT pg_cancel_backend(its process); the"
                        + " deployment then says what is left and what to do.");
    }

    private void verify() {
        heading(2, "4. Verify");
        points(
                List.of(
                        "hone status says applied, or already, of every step.",
                        "The queries of each step above return what stands beside them.",
                        "No index is invalid, times of queries are as before or better, and the application's own checks pass."));
        query("guide_invalid");
        words(
                "The dearest queries, if the extension pg_stat_statements is there: compare mean_ms with the answer kept in phase 1,"
                        + " after an hour and after a day of usual work.");
        query("guide_queries");
    }

    private void rollBack() {
        heading(2, "5. Roll back");
        words(
                "As a whole, last step first; it can be interrupted and repeated like the deployment, restores what was there"
                        + " before, and leaves alone what somebody has changed since:");
        code("sh", "hone undo");
        words(
                "Without Hone: the files that end in .undo.sql, last number first. One step alone: its own statements above.");
        List<List<String>> rows = new ArrayList<>();
        for (int i = proposal.recommendations().size() - 1; i >= 0; i--) {
            Change change = proposal.recommendations().get(i).change();
            boolean nothing = change.undoSql().isEmpty()
                    && (plan == null || plan.steps().get(i).undoSql().isEmpty());
            rows.add(List.of(
                    Integer.toString(i + 1),
                    change.title(),
                    !change.irreversible().isEmpty()
                            ? change.irreversible()
                            : nothing && change.byHand().isEmpty()
                                    ? "there is nothing to take back"
                                    : "can be taken back"));
        }
        grid(List.of("step", "change", "rollback"), rows);
        words("Afterwards the column in_place of the steps' queries is f again.");
    }

    private void handOver() {
        heading(2, "6. Hand over");
        List<String> points = new ArrayList<>();
        points.add("What was done, by whom, when, and what takes it back is in this database: table"
                + " performance_monitoring.optimization_log, shown by hone status. Keep it: hone undo reads it.");
        if (proposal.recommendations().stream()
                .map(Recommendation::change)
                .anyMatch(change -> change instanceof CreateIndex || change instanceof AddForeignKeyIndex)) {
            points.add(
                    "New indexes cost every write something. After a week, and after the end of a month: one without scans"
                            + " serves nobody, and its step can be taken back.");
        }
        for (Recommendation one : proposal.recommendations()) {
            if (one.change() instanceof CreateMaterializedView view) {
                Long seconds = view.refreshSeconds();
                points.add(view.subject() + " is as old as its last refresh. Somebody must run "
                        + (seconds == null ? "when it is to be fresh" : "every " + seconds + " s") + ": "
                        + view.refreshSql());
            }
        }
        points.add(
                "The day after: the queries of phase 4, and hone check. After a week: scans of new indexes. Every month: hone check"
                        + " again, for bloat, unused indexes and stale statistics.");
        points.add(
                "This guide, and the proposal's folder, belong into the repository of the database's schema: a schema that is made"
                        + " anew must have these changes too (hone export writes them as migrations).");
        points(points);
        grid(
                List.of("part", "name", "reached by"),
                List.of(
                        List.of("decides to stop", "", ""),
                        List.of("ran the deployment", "", ""),
                        List.of("watches from now on", "", ""),
                        List.of("is called at night", "", "")));
        if (!proposal.notes().isEmpty()) {
            words("What the proposal says beside its changes:");
            points(proposal.notes());
        }
    }

    private void blueGreen() {
        heading(2, "Instead of phase 2: blue/green");
        words(
                "Green is a second server that follows the live one (blue) by logical replication. The changes are made and measured on"
                        + " green; then the application moves over. It takes twice the machines and a short stop of writes, and rolling back"
                        + " is moving the application back. Physical replicas cannot be green: they take no changes of their own. Where the"
                        + " provider offers blue/green deployments, let it do 1 to 3 and 6.");
        words(
                "1. On blue: wal_level must be logical, and every table needs a replica identity, or its updates stop at blue. This lists"
                        + " the tables that have none:");
        code("sql", "SELECT current_setting('wal_level') AS wal_level;");
        query("guide_without_identity");
        words(
                "2. Copy the schema to green, publish on blue, subscribe on green; the role needs REPLICATION, its password belongs into"
                        + " the service file of green's machine.");
        code("sql", "CREATE PUBLICATION hone_blue_green FOR ALL TABLES;");
        code(
                "text",
                "pg_dump --schema-only BLUE | psql GREEN\n"
                        + "psql GREEN --command=\"CREATE SUBSCRIPTION hone_green CONNECTION 'service=blue' PUBLICATION hone_blue_green\"");
        words("3. Wait until the copy is complete and green follows; on blue:");
        query("guide_green_lag");
        words(
                "4. On green: hone apply PROPOSAL GREEN. Definitions are not replicated, so nothing of it reaches blue. ANALYZE, then compare"
                        + " green with blue under a copy of the load: hone bench on each, hone compare for the verdict.");
        words(
                "5. Stop writes on blue, wait until green is 0 bytes behind, and carry the sequences over, which are not replicated: run on"
                        + " blue, and its answer on green.");
        query("guide_sequences");
        words(
                "6. Move the application to green. For a way back without loss, subscribe blue to green before writes begin again, with copy_data ="
                        + " false. Watch as in phase 3.");
        words(
                "7. After a day without regret, on blue and on green: end the replication, then switch blue off. The slot goes with the"
                        + " subscription; one that is left keeps the write-ahead log for ever.");
        code("text", "psql GREEN --command=\"DROP SUBSCRIPTION hone_green\"");
        code("sql", "DROP PUBLICATION IF EXISTS hone_blue_green;");
    }

    private void heading(int level, String text) {
        blocks.add(new Block.Heading(level, text));
    }

    private void words(String text) {
        blocks.add(new Block.Words(text));
    }

    private void points(List<String> points) {
        blocks.add(new Block.Points(points));
    }

    private void grid(List<String> head, List<List<String>> rows) {
        blocks.add(new Block.Grid(head, rows));
    }

    private void code(String language, String text) {
        blocks.add(new Block.Code(language, text));
    }

    private void query(String name) {
        code("sql", Sql.text(GuideText.class, name, ANY).strip() + ";");
    }

    private void statements(List<String> statements) {
        code("sql", statements.stream().map(PlainText::terminated).collect(Collectors.joining("\n")));
    }
}
