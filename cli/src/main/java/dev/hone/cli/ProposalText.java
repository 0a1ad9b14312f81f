package dev.hone.cli;

import dev.hone.advise.Proposal;
import dev.hone.advise.Recommendation;
import dev.hone.change.CreateIndex;
import dev.hone.cli.Terminal.Style;
import dev.hone.postgres.Sql;
import java.util.List;

/** A Proposal for people. */
final class ProposalText {

    private static final int MOST_EFFECTS = 8;
    private static final int SQL_WIDTH = 70;

    private final Terminal terminal;
    private final boolean explain;

    ProposalText(Terminal terminal, boolean explain) {
        this.terminal = terminal;
        this.explain = explain;
    }

    void print(Proposal proposal) {
        List<Recommendation> recommendations = proposal.recommendations();
        if (recommendations.isEmpty()) {
            terminal.println("No change is worth making for " + proposal.database() + ".");
        } else if (explain) {
            explain(proposal);
        } else {
            table(proposal);
        }
        if (proposal.costBefore() > 0) {
            terminal.println("  planner cost of the workload: %s → %s (%s); new indexes take about %s"
                    .formatted(
                            Words.number(proposal.costBefore()),
                            Words.number(proposal.costAfter()),
                            Words.percent(proposal.costAfter() / proposal.costBefore()),
                            Words.bytes(recommendations.stream()
                                    .mapToLong(one -> Math.max(0, one.sizeBytes()))
                                    .sum())));
            terminal.println(terminal.styled(
                    Style.DIM, "  Cost is the planner's estimate, not time: `hone bench` and `hone compare` measure."));
        }
        for (String note : proposal.notes()) {
            terminal.println(Paragraph.wrap("  " + terminal.styled(Style.YELLOW, "▲ "), note, terminal.columns()));
        }
    }

    private void table(Proposal proposal) {
        Table table = new Table(terminal, "", "change", "size", "queries", "cost saved");
        int number = 0;
        for (Recommendation one : proposal.recommendations()) {
            number++;
            table.row(
                    Integer.toString(number),
                    change(one),
                    one.sizeBytes() == 0 ? "–" : Words.bytes(one.sizeBytes()),
                    Integer.toString(one.effects().size()),
                    saved(one, proposal));
        }
        table.print();
    }

    private void explain(Proposal proposal) {
        int number = 0;
        for (Recommendation one : proposal.recommendations()) {
            number++;
            terminal.println(
                    terminal.styled(Style.BOLD, number + ". " + one.change().title())
                            + (one.sizeBytes() == 0 ? "" : "  " + Words.bytes(one.sizeBytes())));
            one.change().sql().forEach(sql -> terminal.println("   " + sql + ";"));
            terminal.println(wrap("   why   ", one.reason()));
            terminal.println(wrap("   lock  ", one.change().locks()));
            one.change().undoSql().forEach(sql -> terminal.println("   undo  " + sql + ";"));
            one.effects().stream().limit(MOST_EFFECTS).forEach(effect -> {
                terminal.println("   query %s  cost of a call %s → %s, %s calls"
                        .formatted(
                                terminal.styled(Style.CYAN, effect.query()),
                                Words.number(effect.costBefore()),
                                Words.number(effect.costAfter()),
                                Words.number(effect.calls())));
                terminal.println(
                        terminal.styled(Style.DIM, "         " + shortened(effect.sql(), terminal.columns() - 10)));
            });
            if (one.effects().size() > MOST_EFFECTS) {
                terminal.println("   … and " + (one.effects().size() - MOST_EFFECTS) + " more queries");
            }
            for (Recommendation.Alternative tried : one.alternatives()) {
                terminal.println(
                        wrap("   tried ", tried.sql() + ", " + Words.bytes(tried.sizeBytes()) + ": " + tried.reason()));
            }
            terminal.println("");
        }
    }

    private static String change(Recommendation one) {
        if (one.change() instanceof CreateIndex index) {
            return Sql.identifier(index.table()).replace("\"", "") + " ("
                    + String.join(", ", index.keys()).replace("\"", "")
                    + ")"
                    + (index.include().isEmpty()
                            ? ""
                            : " including " + String.join(", ", index.include()).replace("\"", ""))
                    + (index.predicate() == null ? "" : " where " + shortened(index.predicate(), SQL_WIDTH))
                    + (index.method().equals("btree") ? "" : " by " + index.method());
        }
        return one.change().title();
    }

    /** What the queries that it serves cost less, as a share of the whole workload's cost; they may share it with others. */
    private static String saved(Recommendation one, Proposal proposal) {
        if (one.effects().isEmpty() || proposal.costBefore() <= 0) {
            return "–";
        }
        double saved = one.effects().stream()
                .mapToDouble(effect -> (effect.costBefore() - effect.costAfter()) * effect.calls())
                .sum();
        return Words.percent(saved / proposal.costBefore());
    }

    private static String shortened(String text, int width) {
        String line = text.replaceAll("\\s+", " ").strip();
        return line.length() <= width ? line : line.substring(0, Math.max(1, width - 1)) + "…";
    }

    private String wrap(String prefix, String text) {
        return Paragraph.wrap(prefix, text, terminal.columns());
    }
}
