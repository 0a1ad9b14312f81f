package dev.hone.cli;

import dev.hone.advise.Hint;
import dev.hone.advise.Phrases;
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
            terminal.println(wrap(
                    "  ",
                    "planner cost of the workload: %s → %s (%s); new indexes take about %s"
                            .formatted(
                                    Words.number(proposal.costBefore()),
                                    Words.number(proposal.costAfter()),
                                    Words.percent(proposal.costAfter() / proposal.costBefore()),
                                    Words.bytes(recommendations.stream()
                                            .mapToLong(one -> Math.max(0, one.sizeBytes()))
                                            .sum()))));
            if (recommendations.stream().noneMatch(Recommendation::verified)) {
                terminal.println(terminal.styled(
                        Style.DIM,
                        wrap(
                                "  ",
                                "Cost is the planner's estimate, not time: `hone bench` and `hone compare` measure.")));
            }
        }
        hints(proposal.hints());
        for (String note : proposal.notes()) {
            terminal.println(wrap("  " + terminal.styled(Style.YELLOW, "▲ "), note));
        }
    }

    private void table(Proposal proposal) {
        Table table = new Table(terminal, "", "change", "size", "gain", "lose", "cost saved", "evidence");
        int number = 0;
        for (Recommendation one : proposal.recommendations()) {
            number++;
            table.row(
                    Integer.toString(number),
                    change(one),
                    one.sizeBytes() == 0 ? "–" : Words.bytes(one.sizeBytes()),
                    Long.toString(gains(one)),
                    Long.toString(one.effects().size() - gains(one)),
                    saved(one, proposal),
                    evidence(one));
        }
        table.print();
    }

    private static long gains(Recommendation one) {
        return one.effects().stream().filter(Recommendation.Effect::gains).count();
    }

    /** What was tried stands out from what is only thought. */
    private String evidence(Recommendation one) {
        return one.verified()
                ? terminal.styled(Style.GREEN, "✔ " + Phrases.evidence(one))
                : terminal.styled(Style.DIM, Phrases.NOT_MEASURED);
    }

    private void hints(List<Hint> hints) {
        for (Hint hint : hints) {
            terminal.println(
                    wrap("  " + terminal.styled(Style.BLUE, "✎ "), "query " + hint.query() + ": " + hint.what() + "."));
            if (explain) {
                terminal.println(wrap("    ", hint.why()));
                terminal.println(
                        terminal.styled(Style.DIM, "    now    " + shortened(hint.sql(), terminal.columns() - 11)));
                terminal.println(wrap("    rather ", hint.example().replaceAll("\\s+", " ")));
            }
        }
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
            terminal.println(wrap("   proof ", evidence(one)));
            one.measured()
                    .forEach(result -> terminal.println(
                            wrap("         ", "query " + result.query() + ": " + Phrases.measured(result))));
            terminal.println(wrap("   lock  ", one.change().locks()));
            if (one.buildTime() != null) {
                terminal.println("   build " + Phrases.buildTime(one.buildTime()) + ", an estimate");
            }
            one.upkeep().stream()
                    .limit(MOST_EFFECTS)
                    .forEach(upkeep -> terminal.println(wrap("   write ", Phrases.upkeep(upkeep))));
            one.change().undoSql().forEach(sql -> terminal.println("   undo  " + sql + ";"));
            Phrases.foremost(one.effects(), MOST_EFFECTS).forEach(effect -> {
                terminal.println("   query %s  %s: cost of a call %s → %s, %s"
                        .formatted(
                                terminal.styled(Style.CYAN, effect.query()),
                                effect.gains() ? "gains" : terminal.styled(Style.YELLOW, "loses"),
                                Words.number(effect.costBefore()),
                                Words.number(effect.costAfter()),
                                Phrases.calls(effect.calls())));
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
