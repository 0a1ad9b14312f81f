package dev.hone.advise;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** A Proposal as one HTML file that needs no other, no script and no network. */
public final class ProposalHtml {

    private static final int MOST_BARS = 25;
    private static final int ROW_HEIGHT = 44;
    private static final int CHART_WIDTH = 1000;
    private static final int LABELS = 250;
    private static final int FIGURES = 190;
    private static final int LABEL_LENGTH = 34;

    private final Proposal proposal;
    private final StringBuilder html = new StringBuilder();

    private ProposalHtml(Proposal proposal) {
        this.proposal = proposal;
    }

    /** The whole file. */
    public static String of(Proposal proposal) {
        return new ProposalHtml(proposal).write();
    }

    private String write() {
        String title = "Proposal for " + safe(PlainText.line(proposal.database()));
        add("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        // Nothing in it may load or run, whatever a name or a query holds.
        add(
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
        add("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        add("<title>", title, "</title>\n<style>\n", css(), "</style>\n</head>\n<body>\n<main>\n");
        add(
                "<h1>",
                title,
                "</h1>\n<p class=\"soft\">Worked out ",
                proposal.createdAt().toString(),
                " from ");
        add(safe(PlainText.line(proposal.workload())), "</p>\n");
        tiles();
        bars();
        table();
        details();
        hints();
        notes();
        return add("</main>\n</body>\n</html>\n").html.toString();
    }

    private void tiles() {
        List<Recommendation> all = proposal.recommendations();
        long bytes = all.stream().mapToLong(one -> Math.max(0, one.sizeBytes())).sum();
        long back = all.stream().mapToLong(one -> Math.max(0, -one.sizeBytes())).sum();
        long verified = all.stream().filter(Recommendation::verified).count();
        add("<div class=\"tiles\">\n");
        if (proposal.costBefore() > 0) {
            tile(
                    Quantity.percent(proposal.costAfter() / proposal.costBefore()),
                    "of the workload's cost is left: " + Quantity.units(proposal.costBefore()) + " → "
                            + Quantity.units(proposal.costAfter()) + " planner units");
        }
        tile(Integer.toString(all.size()), all.size() == 1 ? "change" : "changes");
        if (bytes > 0) {
            tile(Quantity.bytes(bytes), "new on disk" + (back > 0 ? ", " + Quantity.bytes(back) + " given back" : ""));
        }
        tile(
                verified + " of " + all.size(),
                verified == 0 ? "verified by measuring: the rest is estimated" : "verified by measuring");
        add("</div>\n");
    }

    private void tile(String figure, String words) {
        add("<div class=\"tile\"><b>", safe(figure), "</b><span>", safe(words), "</span></div>\n");
    }

    /** For each query two bars: what all its calls cost before, and after. */
    private void bars() {
        List<QueryCost> queries = Phrases.queries(proposal);
        if (queries.isEmpty()) {
            return;
        }
        List<QueryCost> shown = queries.subList(0, Math.min(MOST_BARS, queries.size()));
        double largest = shown.stream()
                .mapToDouble(one -> one.calls() * Math.max(one.before(), one.after()))
                .max()
                .orElse(1);
        add("<h2>Queries, before and after</h2>\n<div class=\"card\">\n");
        add("<p class=\"soft\"><span class=\"key b\"></span>before<span class=\"key a\"></span>after");
        add(
                "<span class=\"key w\"></span>after, dearer. Length: planner cost of all calls. Figures: of one call.</p>\n");
        add("<svg viewBox=\"0 0 ", Integer.toString(CHART_WIDTH), " ");
        add(
                Integer.toString(shown.size() * ROW_HEIGHT),
                "\" role=\"img\" aria-label=\"Planner cost of each query\">\n");
        int y = 0;
        for (QueryCost query : shown) {
            bar(query, y, largest);
            y += ROW_HEIGHT;
        }
        add("</svg>\n");
        if (queries.size() > shown.size()) {
            add(
                    "<p class=\"soft\">and ",
                    Phrases.count(queries.size() - shown.size(), "more"),
                    " in proposal.json</p>\n");
        }
        add("</div>\n");
    }

    private void bar(QueryCost query, int y, double largest) {
        boolean worse = query.after() > query.before();
        add("<g><title>", safe(PlainText.shortened(query.sql(), 600)), "</title>\n");
        svgText(0, y + 17, "", PlainText.shortened(query.query(), LABEL_LENGTH));
        svgText(0, y + 33, "soft", Quantity.calls(query.calls()));
        rectangle(y + 7, width(query.before() * query.calls(), largest), "before");
        rectangle(y + 21, width(query.after() * query.calls(), largest), worse ? "worse" : "after");
        int right = CHART_WIDTH - FIGURES + 12;
        svgText(right, y + 17, "", Quantity.units(query.before()) + " → " + Quantity.units(query.after()));
        if (!query.measured().isEmpty()) {
            Measured first = query.measured().getFirst();
            svgText(
                    right,
                    y + 33,
                    "soft",
                    String.format(Locale.ROOT, "measured %.2f of the time", first.measuredRatio()));
        } else {
            svgText(
                    right,
                    y + 33,
                    "soft",
                    worse
                            ? Quantity.dearer(query.before(), query.after())
                            : Quantity.cheaper(query.before(), query.after()));
        }
        add("</g>\n");
    }

    private static double width(double cost, double largest) {
        return Math.max(1.5, cost / largest * (CHART_WIDTH - LABELS - FIGURES));
    }

    private void rectangle(int y, double width, String kind) {
        add(String.format(
                Locale.ROOT,
                "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"12\" rx=\"2\" class=\"%s\"/>%n",
                LABELS,
                y,
                width,
                kind));
    }

    private void svgText(int x, int y, String kind, String text) {
        add("<text x=\"", Integer.toString(x), "\" y=\"", Integer.toString(y), "\"");
        add(kind.isEmpty() ? ">" : " class=\"" + kind + "\">", safe(text), "</text>\n");
    }

    private void table() {
        add("<h2>Changes</h2>\n");
        if (proposal.recommendations().isEmpty()) {
            add("<p>No change is worth making.</p>\n");
            return;
        }
        add("<div class=\"card\"><table>\n<thead><tr><th class=\"number\">#</th><th>change</th>");
        add("<th class=\"number\">size</th><th class=\"number\">gain</th>");
        add("<th class=\"number\">lose</th><th>time to build</th><th>evidence</th></tr></thead>\n<tbody>\n");
        int number = 0;
        for (Recommendation one : proposal.recommendations()) {
            number++;
            long gain =
                    one.effects().stream().filter(Recommendation.Effect::gains).count();
            long lose = one.effects().size() - gain;
            add("<tr><td class=\"number\">", Integer.toString(number), "</td><td class=\"what\"><a href=\"#change-");
            add(Integer.toString(number), "\" style=\"color:var(--link)\">");
            add(safe(PlainText.line(one.change().title())), "</a></td>");
            add("<td class=\"number\">", Phrases.size(one.sizeBytes()), "</td>");
            add("<td class=\"number\">", Long.toString(gain), "</td><td class=\"number");
            add(lose > 0 ? " loses\">" : "\">", Long.toString(lose), "</td><td>");
            add(one.buildTime() == null ? "" : "~ " + Phrases.buildTime(one.buildTime()));
            add("</td><td>", badge(one), "</td></tr>\n");
        }
        add("</tbody></table></div>\n");
    }

    private static String badge(Recommendation one) {
        return one.verified()
                ? "<span class=\"badge verified\">✔ " + safe(Phrases.evidence(one)) + "</span>"
                : "<span class=\"badge estimate\">" + Phrases.NOT_MEASURED + "</span>";
    }

    private void details() {
        int number = 0;
        for (Recommendation one : proposal.recommendations()) {
            number++;
            add("<details id=\"change-", Integer.toString(number), "\"", number == 1 ? " open=\"\"" : "", "><summary>");
            add(Integer.toString(number), ". ", safe(PlainText.line(one.change().title())), "</summary>\n<p>");
            add(safe(one.reason()), "</p>\n");
            code(statements(one.change().sql()));
            add("<dl>\n<dt>evidence</dt><dd>", badge(one), "</dd>\n");
            for (Measured result : one.measured()) {
                row("measured", "query " + result.query() + ": " + Phrases.measured(result));
            }
            row("lock", one.change().locks());
            if (one.buildTime() != null) {
                row("time to build", Phrases.buildTime(one.buildTime()) + ", an estimate");
            }
            if (one.sizeBytes() != 0) {
                row("size", Phrases.size(one.sizeBytes()));
            }
            for (Recommendation.Upkeep upkeep : one.upkeep()) {
                row("writes", Phrases.upkeep(upkeep));
            }
            add("</dl>\n");
            effects(one);
            alternatives(one);
            if (!one.change().undoSql().isEmpty()) {
                add("<p class=\"soft\">Undo</p>\n");
                code(statements(one.change().undoSql()));
            }
            add("</details>\n");
        }
    }

    private void effects(Recommendation one) {
        if (one.effects().isEmpty()) {
            return;
        }
        add("<table><thead><tr><th>query</th><th>statement</th><th class=\"number\">calls</th>");
        add("<th class=\"number\">cost before</th><th class=\"number\">after</th></tr></thead>\n<tbody>\n");
        for (Recommendation.Effect effect : one.effects()) {
            add("<tr><td>", safe(PlainText.line(effect.query())), "</td><td><code>");
            add(safe(PlainText.shortened(effect.sql(), 300)), "</code></td><td class=\"number\">");
            add(String.format(Locale.ROOT, "%,.0f", effect.calls()), "</td><td class=\"number\">");
            add(Quantity.units(effect.costBefore()), "</td><td class=\"number");
            add(effect.gains() ? "\">" : " loses\">▲ ", Quantity.units(effect.costAfter()), "</td></tr>\n");
        }
        add("</tbody></table>\n");
    }

    private void alternatives(Recommendation one) {
        if (one.alternatives().isEmpty()) {
            return;
        }
        add("<p class=\"soft\">Also tried</p>\n<table><tbody>\n");
        for (Recommendation.Alternative other : one.alternatives()) {
            add("<tr><td><code>", safe(PlainText.line(other.sql())), "</code></td><td class=\"number\">");
            add(Quantity.bytes(other.sizeBytes()), "</td><td>", safe(PlainText.line(other.reason())), "</td></tr>\n");
        }
        add("</tbody></table>\n");
    }

    private void hints() {
        if (proposal.hints().isEmpty()) {
            return;
        }
        add("<h2>What no index can help</h2>\n");
        for (Hint hint : proposal.hints()) {
            add("<details><summary>", safe(PlainText.line(hint.what())), " <span class=\"soft\">query ");
            add(safe(PlainText.line(hint.query())), "</span></summary>\n<p>", safe(hint.why()), "</p>\n");
            code(hint.sql());
            add("<p class=\"soft\">Rather</p>\n");
            code(hint.example());
            add("</details>\n");
        }
    }

    private void notes() {
        if (proposal.notes().isEmpty()) {
            return;
        }
        add("<h2>Notes</h2>\n<div class=\"card\"><ul>\n");
        proposal.notes().forEach(note -> add("<li>", safe(PlainText.line(note)), "</li>\n"));
        add("</ul></div>\n");
    }

    private void row(String name, String text) {
        add("<dt>", name, "</dt><dd>", safe(PlainText.line(text)), "</dd>\n");
    }

    private void code(String sql) {
        add("<pre>", safe(sql), "</pre>\n");
    }

    private static String statements(List<String> sql) {
        return String.join(";\n", sql) + ";";
    }

    private static String safe(String text) {
        return PlainText.html(text);
    }

    private ProposalHtml add(String... parts) {
        for (String part : parts) {
            html.append(part);
        }
        return this;
    }

    private static String css() {
        try (InputStream in = Objects.requireNonNull(ProposalHtml.class.getResourceAsStream("proposal.css"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
