package dev.hone.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.postgres.Activity;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Evidence;
import dev.hone.postgres.ServerVersion;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.Statistics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ChecksTest {

    private static final Path RESOURCES = Path.of("src/main/resources/dev/hone/check");
    private static final Path PAGES = Path.of("../docs/checks");
    private static final Pattern RESOURCE = Pattern.compile("([a-z-]+)(\\.\\d+)?\\.sql");
    private static final String HEADER = """
            -- title: A title
            -- severity: warning
            -- category: limits
            -- why: Because
            --   it is so.
            -- remedy: Mend it.
            """;

    @Test
    void the_list_names_every_resource_and_no_other() throws IOException {
        try (Stream<Path> files = Files.list(RESOURCES)) {
            List<String> ids = files.map(
                            file -> RESOURCE.matcher(file.getFileName().toString()))
                    .filter(java.util.regex.Matcher::matches)
                    .map(name -> name.group(1))
                    .filter(id -> !id.equals("roles"))
                    .distinct()
                    .toList();
            assertThat(Checks.all()).extracting(Check::id).containsExactlyInAnyOrderElementsOf(ids);
        }
    }

    @Test
    void every_check_has_its_page_with_its_title_and_a_line_in_the_index() throws IOException {
        String index = Files.readString(PAGES.resolve("README.md"));
        for (Check check : Checks.all()) {
            Path page = PAGES.resolve(check.id() + ".md");
            assertThat(page).exists();
            String text = Files.readString(page);
            assertThat(text)
                    .startsWith("# " + check.title() + "\n")
                    .contains("`" + check.id() + "` · " + check.category() + " · ")
                    .contains("## What it finds", "## How it decides", "## Easily mistaken", "## What to do");
            assertThat(index).contains("[" + check.id() + "](" + check.id() + ".md) | " + check.title() + " |");
        }
        try (Stream<Path> pages = Files.list(PAGES)) {
            assertThat(pages.map(page -> page.getFileName().toString()))
                    .as("no page without its check")
                    .hasSize(Checks.all().size() + 1);
        }
    }

    @Test
    void a_query_is_its_select_alone_and_ends_where_it_can_be_wrapped() {
        for (int major = ServerVersion.OLDEST_MAJOR; major <= ServerVersion.NEWEST_MAJOR; major++) {
            assertThat(Checks.queries(new ServerVersion(major * 10_000)))
                    .hasSize(Checks.all().size() + 1)
                    .allSatisfy(query -> assertThat(query.sql())
                            .matches("(?s)(WITH|SELECT) .*")
                            .doesNotContain(";\n"));
        }
    }

    @Test
    void a_header_is_understood_and_a_faulty_one_refused() {
        assertThat(Check.parse("some-check", HEADER + "-- needs: pg_monitor, pg_read_all_stats\nSELECT 1"))
                .isEqualTo(new Check(
                        "some-check",
                        "A title",
                        Severity.WARNING,
                        "limits",
                        List.of("pg_monitor", "pg_read_all_stats"),
                        "Because it is so.",
                        "Mend it."));
        assertThatThrownBy(() -> Check.parse("some-check", "-- title: A title\nSELECT 1"))
                .hasMessageContaining("does not say its severity");
        assertThatThrownBy(() -> Check.parse("some-check", HEADER + "-- title: Again\n"))
                .hasMessageContaining("twice");
        assertThatThrownBy(() -> Check.parse("some-check", HEADER + "-- colour: red\n"))
                .hasMessageContaining("colour");
        assertThatThrownBy(() -> Check.parse("Some Check", HEADER)).hasMessageContaining("Some Check");
    }

    @Test
    void what_was_not_asked_or_not_answered_is_blind_and_never_green() {
        Diagnosis diagnosis = Checks.diagnose(
                snapshot(new Evidence("missing-index", List.of(), "ERROR: permission denied for view pg_stats")));
        assertThat(diagnosis.findings()).isEmpty();
        assertThat(diagnosis.worst()).isEmpty();
        assertThat(diagnosis.lights())
                .allSatisfy(light -> assertThat(light.state()).isEqualTo(Light.State.BLIND));
        assertThat(diagnosis.light("missing-index").orElseThrow().blindness()).contains("permission denied");
        assertThat(diagnosis.light("dead-tuples").orElseThrow().blindness()).contains("taken without it");
    }

    @Test
    void findings_come_gravest_first_and_keep_the_order_of_their_check() {
        Diagnosis diagnosis = Checks.diagnose(snapshot(
                new Evidence("missing-index", List.of(row("a", "warning"), row("b", "warning")), null),
                new Evidence("dead-tuples", List.of(row("c", "info"), row("d", "critical")), null)));
        assertThat(diagnosis.findings()).extracting(Finding::subject).containsExactly("d", "a", "b", "c");
        assertThat(diagnosis.worst()).contains(Severity.CRITICAL);
        assertThat(diagnosis.light("dead-tuples").orElseThrow()).satisfies(light -> {
            assertThat(light.state()).isEqualTo(Light.State.FINDING);
            assertThat(light.findings()).isEqualTo(2);
            assertThat(light.worst()).isEqualTo(Severity.CRITICAL);
        });
        assertThat(diagnosis.findings("dead-tuples").getFirst().evidence()).containsExactly(Map.entry("size_bytes", 7));
    }

    private static Map<String, Object> row(String subject, String severity) {
        return Map.of("subject", subject, "severity", severity, "summary", "It is wrong", "size_bytes", 7);
    }

    private static Snapshot snapshot(Evidence... evidence) {
        Map<String, Evidence> byId =
                Stream.of(evidence).collect(java.util.stream.Collectors.toMap(Evidence::id, one -> one));
        return new Snapshot(
                Snapshot.FORMAT,
                Instant.EPOCH,
                new Snapshot.Database(
                        "d", new ServerVersion(180_000), "UTF8", "c", "C", "C", null, 8192, 0, false, "r", false),
                Map.of(),
                Catalog.EMPTY,
                Statistics.EMPTY,
                Activity.EMPTY,
                byId,
                List.of());
    }
}
