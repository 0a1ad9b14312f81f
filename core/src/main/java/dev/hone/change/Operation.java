package dev.hone.change;

import dev.hone.postgres.Server;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/** How one kind of change is looked at, made and taken back. */
sealed interface Operation permits IndexCreation, IndexRemoval, Analysis {

    static Operation of(Change change) {
        return switch (change) {
            case CreateIndex create -> new IndexCreation(create);
            case DropIndex drop -> new IndexRemoval(drop);
            case Analyze analyze -> new Analysis(analyze);
        };
    }

    /**
     * What surrounds a look.
     *
     * @param begun whether the journal says that this step was begun before
     * @param journaled the indexes that the journal says are this step's own
     * @param freed qualified names that earlier steps of the same deployment will have freed
     */
    record Surroundings(Server server, Journal journal, boolean begun, List<IndexPart> journaled, Set<String> freed) {

        public Surroundings {
            journaled = List.copyOf(journaled);
            freed = Set.copyOf(freed);
        }

        boolean owns(IndexPart part) {
            return (begun && journaled.stream().anyMatch(part::same)) || journal.ownsUnfinished(part);
        }
    }

    /** Looks whether the change can be made, and changes nothing. */
    Outlook look(Surroundings surroundings);

    /** How an operation ended; {@code index} is the oid of the index built, or 0. */
    record Outcome(StepState state, String detail, long index) {}

    /** Makes the change and verifies it. */
    Outcome apply(Workbench workbench, Outlook outlook) throws SQLException;

    /** Takes the change back and verifies that. */
    Outcome undo(Workbench workbench, Schema schema, List<IndexPart> indexes) throws SQLException;

    /** The statements that build an index from its parts. */
    static List<String> buildSql(List<IndexPart> parts) {
        List<String> sql = new ArrayList<>();
        parts.stream().filter(IndexPart::partitioned).map(IndexPart::buildSql).forEach(sql::add);
        parts.stream()
                .filter(part -> !part.partitioned())
                .map(IndexPart::buildSql)
                .forEach(sql::add);
        List<IndexPart> deepestFirst = new ArrayList<>(parts);
        deepestFirst.sort(Collections.reverseOrder(java.util.Comparator.comparingInt(IndexPart::level)));
        for (IndexPart part : deepestFirst) {
            String attach = part.attachSql();
            if (attach != null) {
                sql.add(attach);
            }
        }
        parts.forEach(part -> sql.addAll(part.afterwards()));
        return sql;
    }
}
