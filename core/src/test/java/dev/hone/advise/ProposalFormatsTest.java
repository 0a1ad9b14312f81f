package dev.hone.advise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Json;
import dev.hone.change.Analyze;
import dev.hone.change.CreateIndex;
import dev.hone.change.DropIndex;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;

class ProposalFormatsTest {

    private static final String EVIL = "</style><script>alert(1)</script>\"'` ``` @everyone | \n## x ]]> \u202e";

    private static CreateIndex index(String table, String name, String... keys) {
        return new CreateIndex("public", table, name, false, "btree", List.of(keys), List.of(), null);
    }

    private static Recommendation estimated(String table, String query) {
        return new Recommendation(
                index(table, table + "_idx", "\"status\"", "\"created_at\" DESC"),
                "Query " + query + " gets 260 times cheaper: 26,000 → 100 planner units a call, 1,200 calls.",
                12_345_678,
                List.of(
                        new Recommendation.Effect(
                                query, "SELECT * FROM " + table + " WHERE status = $1", 26_000, 100, 1200),
                        new Recommendation.Effect(
                                "insert " + table, "INSERT INTO " + table + " VALUES ($1)", 1, 2.6, 9000)),
                List.of(new Recommendation.Alternative(
                        "CREATE INDEX CONCURRENTLY ON x (status)", 9_999_999, 2e6, "20 % smaller, but dearer.")),
                List.of(new Recommendation.Upkeep("insert " + table, "INSERT …", 9000, 1, 0.5, 1.6, 0.004)),
                new BuildTime(0.4, 21),
                List.of());
    }

    private static Recommendation verified() {
        return estimated("bets", "open bets")
                .withMeasured(List.of(
                        new Measured("open bets", 1 / 260.0, 1 / 3.1, 1 / 3.4, 1 / 2.9),
                        new Measured("insert bets", 2.6, 1.2, 1.1, 1.3)));
    }

    private static Proposal proposal(List<Recommendation> recommendations, String name) {
        return new Proposal(
                Proposal.FORMAT,
                Instant.parse("2026-11-01T10:00:00Z"),
                name,
                null,
                "workload.sql",
                32_000_000,
                250_000,
                recommendations,
                List.of("A note on " + name),
                List.of(new Hint(
                        "offset-paging",
                        "q9",
                        "SELECT * FROM t ORDER BY id LIMIT 20 OFFSET 100000",
                        "OFFSET skips rows that it has read (" + name + ")",
                        "Each page reads all the pages before it.",
                        "SELECT * FROM t WHERE id > $1 ORDER BY id LIMIT 20")));
    }

    private static Proposal sample() {
        return proposal(
                List.of(
                        new Recommendation(new Analyze("public", "fights"), "Never analysed.", 0, List.of(), List.of()),
                        verified(),
                        estimated("transactions", "wallet"),
                        new Recommendation(
                                new DropIndex("public", "old", "CREATE INDEX old ON public.bets USING btree (a)"),
                                "Unused for 90 days.",
                                -5_000_000,
                                List.of(),
                                List.of())),
                "gallobets");
    }

    @Test
    void verified_and_unverified_advice_look_different_everywhere() {
        assertThat(Phrases.evidence(verified()))
                .isEqualTo(
                        "verified: measured 3.1× faster (2.9–3.4) for query open bets; query insert bets 1.20× slower"
                                + " (1.10–1.30)");
        assertThat(Phrases.evidence(estimated("t", "q"))).isEqualTo("estimate, not measured");
        assertThat(Phrases.evidence(
                        estimated("t", "q").withMeasured(List.of(new Measured("q", 0.1, 0.98, 0.95, 1.02)))))
                .isEqualTo("verified: measured no faster and no slower (0.95–1.02 of the time)");

        String markdown = ProposalMarkdown.of(sample());
        assertThat(markdown)
                .contains("✅ **verified: measured 3.1× faster (2.9–3.4)", "⚪ *estimate, not measured*")
                .contains("1 verified by measuring, 3 estimated");
        String html = ProposalHtml.of(sample());
        assertThat(html)
                .contains("badge verified\">✔ verified: measured 3.1× faster (2.9–3.4)")
                .contains("badge estimate\">estimate, not measured");
    }

    @Test
    void both_formats_say_who_gains_who_loses_and_what_it_takes() {
        String markdown = ProposalMarkdown.of(sample());
        assertThat(markdown)
                .contains(
                        "| open bets | gains | 1,200 | 26,000 | 100 |",
                        "| insert bets | **loses** | 9,000 | 1.0 | 2.6 |")
                .contains("Writes: query insert bets writes 1 entry a call and updates 0.50 rows a call in place"
                        + " (HOT) no more: 1.6 planner units, 0.40 % of the workload's cost")
                .contains("Time to build: up to 21 s (an estimate)", "Lock: SHARE UPDATE EXCLUSIVE", "Also tried:")
                .contains("20 % smaller, but dearer", "DROP INDEX CONCURRENTLY", "0.78 % of before")
                .contains("OFFSET skips rows", "WHERE id > $1");
        String html = ProposalHtml.of(sample());
        assertThat(html)
                .contains("26,000 → 100", "class=\"worse\"", "up to 21 s", "writes 1 entry a call", "Also tried")
                .contains("OFFSET skips rows", "A note on gallobets");
    }

    @Test
    void html_needs_no_other_file_and_is_well_formed() throws Exception {
        for (Proposal proposal : List.of(sample(), hostile())) {
            String html = ProposalHtml.of(proposal);
            assertThat(html).doesNotContain("src=", "http://", "https://", "url(", "<link", "<script", "@import");
            Document document = xml(html);
            assertThat(document.getElementsByTagName("details").getLength()).isEqualTo(5);
            assertThat(document.getElementsByTagName("script").getLength()).isZero();
            assertThat(document.getElementsByTagName("style").getLength()).isEqualTo(1);
            assertThat(html.codePoints()
                            .filter(c -> Character.getType(c) == Character.FORMAT)
                            .count())
                    .isZero();
        }
    }

    /** The document, its void elements closed and its doctype taken away, as XML. */
    private static Document xml(String html) throws Exception {
        String closed = html.replaceAll("<!DOCTYPE html>\n", "").replaceAll("(<meta [^>]*[^/])>", "$1/>");
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(closed.getBytes(StandardCharsets.UTF_8)));
    }

    private static Proposal hostile() {
        List<Recommendation> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            all.add(new Recommendation(
                    index(EVIL, EVIL, "\"a\""),
                    EVIL,
                    1,
                    List.of(new Recommendation.Effect(EVIL, EVIL, 10, 1, 1)),
                    List.of(new Recommendation.Alternative(EVIL, 1, null, EVIL)),
                    List.of(new Recommendation.Upkeep(EVIL, EVIL, 1, 1, 1, 1, 1)),
                    null,
                    List.of(new Measured(EVIL, 0.5, 0.5, 0.4, 0.6))));
        }
        return proposal(all, EVIL);
    }

    @Test
    void no_name_gets_out_of_its_place_in_markdown() {
        String markdown = ProposalMarkdown.of(hostile());
        assertThat(markdown).doesNotContain("\u202e");
        boolean code = false;
        Pattern fence = Pattern.compile("`{3,}(sql)?");
        String open = "";
        for (String line : markdown.lines().toList()) {
            if (!code && fence.matcher(line).matches()) {
                code = true;
                open = line.replace("sql", "");
            } else if (code && line.equals(open)) {
                code = false;
            } else if (!code) {
                assertThat(line)
                        .doesNotContain("@everyone")
                        .doesNotContainPattern("(?<!\\\\)</?s(cript|tyle)")
                        .doesNotStartWith("## x");
            }
        }
        assertThat(code).isFalse();
    }

    @Test
    void a_large_proposal_still_fits_into_a_comment_and_says_what_is_missing() {
        List<Recommendation> many = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            many.add(estimated("table_" + i, "query_" + i));
        }
        assertThat(ProposalMarkdown.of(proposal(many, "big")))
                .hasSizeLessThan(65_536)
                .contains("more changes are in `proposal.json`", "A note on big", "OFFSET");
    }

    @Test
    void a_proposal_of_before_is_still_read(@TempDir Path folder) throws IOException {
        Files.writeString(
                folder.resolve("proposal.json"),
                "{\"format\":1,\"createdAt\":\"2026-11-01T10:00:00Z\",\"database\":\"d\",\"workload\":\"w\",\"notes\":[],"
                        + "\"recommendations\":[{\"change\":{\"type\":\"analyze\",\"schema\":\"s\",\"table\":\"t\"},"
                        + "\"reason\":\"r\",\"sizeBytes\":0,\"effects\":[],\"alternatives\":[]}]}");
        Proposal old = ProposalFolder.read(folder);
        assertThat(old.hints()).isEmpty();
        assertThat(old.recommendations()).singleElement().satisfies(one -> {
            assertThat(one.upkeep()).isEmpty();
            assertThat(one.verified()).isFalse();
            assertThat(one.buildTime()).isNull();
        });
        assertThat(Json.read(Json.pretty(sample()), Proposal.class)).isEqualTo(sample());
    }

    @Test
    void costs_of_a_query_add_up_over_all_changes() {
        assertThat(QueryCost.all(List.of(estimated("a", "q"), verified())))
                .extracting(QueryCost::query)
                .containsExactly("open bets", "q", "insert a", "insert bets");
        Recommendation first = estimated("t", "q");
        assertThat(QueryCost.all(List.of(first, first)))
                .filteredOn(one -> one.query().equals("insert t"))
                .singleElement()
                .satisfies(one -> assertThat(one.after()).isEqualTo(1 + 2 * 1.6));
    }

    @Test
    void a_build_takes_longer_the_more_there_is_and_ranges_are_said_in_words() {
        CreateIndex index = index("t", "i", "\"a\"");
        BuildTime small = BuildTime.of(index, 460e6, 2e6, 32e6);
        // Measured: 1.3 s for an integer, 4.3 s for a text.
        assertThat(small.fromSeconds()).isLessThan(1.3);
        assertThat(small.toSeconds()).isBetween(4.3, 60.0);
        BuildTime large = BuildTime.of(index, 460e9, 2e9, 32e9);
        assertThat(large.fromSeconds()).isGreaterThan(1000 * small.fromSeconds());
        assertThat(Phrases.buildTime(small)).isEqualTo("up to 18 s");
        assertThat(Phrases.buildTime(large)).isEqualTo("16 min to 6 h");
        assertThat(Phrases.buildTime(new BuildTime(0, 0.5))).isEqualTo("less than a second");
    }
}
