package dev.hone.advise;

import java.util.List;
import java.util.Locale;

/** A Proposal in Markdown, as it fits into the comment of a pull request. */
public final class ProposalMarkdown {

    /** GitHub takes 65,536 characters. */
    private static final int MOST_CHARACTERS = 60_000;

    private static final int MOST_QUERIES = 10;
    private static final int MOST_UPKEEP = 5;
    private static final int SHOWN_SQL = 2000;

    private final Proposal proposal;
    private final StringBuilder text = new StringBuilder();

    private ProposalMarkdown(Proposal proposal) {
        this.proposal = proposal;
    }

    /** The whole text; where there is too much of it, the details of the last recommendations are left out, and it says so. */
    public static String of(Proposal proposal) {
        return new ProposalMarkdown(proposal).write();
    }

    private String write() {
        summary();
        table();
        int number = 0;
        for (Recommendation one : proposal.recommendations()) {
            number++;
            String details = details(number, one);
            if (text.length() + details.length() > MOST_CHARACTERS) {
                line("");
                line("… the details of "
                        + Phrases.count(proposal.recommendations().size() - number + 1, "more change")
                        + " are in `proposal.json`.");
                break;
            }
            text.append(details);
        }
        hints();
        notes();
        return text.toString();
    }

    private void summary() {
        line("# Proposal for " + PlainText.markdown(proposal.database()));
        line("");
        line("Worked out " + proposal.createdAt() + " from " + PlainText.markdown(proposal.workload()) + ".");
        List<Recommendation> all = proposal.recommendations();
        if (proposal.costBefore() > 0) {
            line("The planner's cost of the whole workload falls " + Phrases.gain(proposal) + ".");
        }
        long bytes = all.stream().mapToLong(one -> Math.max(0, one.sizeBytes())).sum();
        long verified = all.stream().filter(Recommendation::verified).count();
        line(
                all.isEmpty()
                        ? "No change is worth making."
                        : Phrases.count(all.size(), "change") + (bytes > 0 ? ", " + Quantity.bytes(bytes) + " new" : "")
                                + ": " + verified + " verified by measuring, " + (all.size() - verified)
                                + " estimated.");
        if (!all.isEmpty()) {
            line("");
            line("Apply it with `hone apply`, or run the files of `sql/` in order, each outside a transaction block."
                    + " The `.undo.sql` beside each takes it back.");
        }
    }

    private void table() {
        if (proposal.recommendations().isEmpty()) {
            return;
        }
        line("");
        line("| # | change | size | queries that gain | that lose | evidence |");
        line("|---:|---|---:|---:|---:|---|");
        int number = 0;
        for (Recommendation one : proposal.recommendations()) {
            number++;
            long gain =
                    one.effects().stream().filter(Recommendation.Effect::gains).count();
            line("| " + number + " | " + PlainText.markdown(one.change().title()) + " | "
                    + Phrases.size(one.sizeBytes()) + " | " + gain + " | "
                    + (one.effects().size() - gain) + " | "
                    + (one.verified() ? "✅ " + PlainText.markdown(Phrases.evidence(one)) : Phrases.NOT_MEASURED)
                    + " |");
        }
    }

    private static String details(int number, Recommendation one) {
        StringBuilder text = new StringBuilder("\n<details><summary><b>");
        text.append(number)
                .append(". ")
                .append(PlainText.markdownHtml(one.change().title()));
        text.append("</b></summary>\n\n");
        text.append(PlainText.markdown(one.reason())).append("\n\n");
        text.append(PlainText.fenced("sql", statements(one.change().sql())));
        text.append("\n- ").append(one.verified() ? "✅ **" : "⚪ *");
        text.append(PlainText.markdown(Phrases.evidence(one))).append(one.verified() ? "**\n" : "*\n");
        text.append("- Lock: ").append(PlainText.markdown(one.change().locks())).append('\n');
        if (one.buildTime() != null) {
            text.append("- Time to build: ")
                    .append(Phrases.buildTime(one.buildTime()))
                    .append(" (an estimate)\n");
        }
        if (one.sizeBytes() != 0) {
            text.append(one.sizeBytes() > 0 ? "- Size: " : "- Gives back: ")
                    .append(Quantity.bytes(Math.abs(one.sizeBytes())))
                    .append('\n');
        }
        upkeep(text, one);
        measured(text, one);
        effects(text, one);
        if (!one.alternatives().isEmpty()) {
            text.append("\nAlso tried:\n\n");
            for (Recommendation.Alternative other : one.alternatives()) {
                text.append("- ")
                        .append(PlainText.markdown(other.sql()))
                        .append(" (")
                        .append(Quantity.bytes(other.sizeBytes()))
                        .append("): ")
                        .append(PlainText.markdown(other.reason()))
                        .append('\n');
            }
        }
        text.append("\nUndo:\n\n")
                .append(
                        one.change().undoSql().isEmpty()
                                ? "There is nothing to take back.\n"
                                : PlainText.fenced(
                                        "sql", statements(one.change().undoSql())));
        return text.append("\n</details>\n").toString();
    }

    private static void upkeep(StringBuilder text, Recommendation one) {
        for (Recommendation.Upkeep upkeep : first(one.upkeep(), MOST_UPKEEP)) {
            text.append("- Writes: ")
                    .append(PlainText.markdown(Phrases.upkeep(upkeep)))
                    .append('\n');
        }
        if (one.upkeep().size() > MOST_UPKEEP) {
            text.append("- and ")
                    .append(Phrases.count(one.upkeep().size() - MOST_UPKEEP, "more statement"))
                    .append(" that write\n");
        }
    }

    private static void measured(StringBuilder text, Recommendation one) {
        for (Measured result : one.measured()) {
            text.append("- Measured, query ")
                    .append(PlainText.markdown(result.query()))
                    .append(": ")
                    .append(PlainText.markdown(Phrases.measured(result)))
                    .append('\n');
        }
    }

    private static void effects(StringBuilder text, Recommendation one) {
        if (one.effects().isEmpty()) {
            return;
        }
        text.append("\n| query | | calls | cost before | cost after |\n|---|---|---:|---:|---:|\n");
        List<Recommendation.Effect> shown = Phrases.foremost(one.effects(), MOST_QUERIES);
        for (Recommendation.Effect effect : shown) {
            text.append("| ")
                    .append(PlainText.markdown(effect.query()))
                    .append(effect.gains() ? " | gains" : " | **loses**")
                    .append(String.format(Locale.ROOT, " | %,.0f | ", effect.calls()))
                    .append(Quantity.units(effect.costBefore()))
                    .append(" | ")
                    .append(Quantity.units(effect.costAfter()))
                    .append(" |\n");
        }
        if (one.effects().size() > MOST_QUERIES) {
            text.append("\nand ").append(one.effects().size() - MOST_QUERIES).append(" more in proposal.json.\n");
        }
    }

    private void hints() {
        if (proposal.hints().isEmpty()) {
            return;
        }
        line("");
        line("## What no index can help");
        for (Hint hint : proposal.hints()) {
            line("");
            line("**" + PlainText.markdown(hint.what()) + "** Query " + PlainText.markdown(hint.query()) + ". "
                    + PlainText.markdown(hint.why()));
            line("");
            text.append(PlainText.fenced("sql", PlainText.shortened(hint.sql(), SHOWN_SQL)));
            line("");
            line("Rather:");
            line("");
            text.append(PlainText.fenced("sql", hint.example()));
            if (text.length() > MOST_CHARACTERS) {
                line("");
                line("… more in `proposal.json`.");
                return;
            }
        }
    }

    private void notes() {
        if (proposal.notes().isEmpty()) {
            return;
        }
        line("");
        line("## Notes");
        line("");
        for (String note : proposal.notes()) {
            if (text.length() + note.length() > MOST_CHARACTERS + 4000) {
                line("- … more in `proposal.json`.");
                return;
            }
            line("- " + PlainText.markdown(note));
        }
    }

    private void line(String line) {
        text.append(line).append('\n');
    }

    private static String statements(List<String> sql) {
        return String.join(";\n", sql) + ";";
    }

    private static <T> List<T> first(List<T> list, int most) {
        return list.subList(0, Math.min(most, list.size()));
    }
}
