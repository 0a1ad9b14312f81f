package dev.hone.change;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import dev.hone.Json;
import dev.hone.advise.Proposal;
import dev.hone.advise.ProposalFolder;
import dev.hone.advise.Recommendation;
import dev.hone.postgres.Installed;
import dev.hone.postgres.LocalServer;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Every kind of change has a page that says how it is written and what it does, and its example is one. */
class ChangePagesTest {

    private static final Path DOCS = Path.of("..", "docs");
    private static final Path PAGES = DOCS.resolve("changes");
    private static final List<String> HEADINGS =
            List.of("## Fields", "## Locks", "## Refused", "## Undone", "## What can go wrong");
    private static final Pattern JSON = Pattern.compile("```json\n(.*?)```", Pattern.DOTALL);

    /** A row of the table of fields: name, type, what it is if left out. */
    private static final Pattern FIELD = Pattern.compile("(?m)^\\| `([\\w.\\[\\]]+)` \\| ([^|]+) \\| ([^|]+) \\|");

    static Stream<Class<?>> kinds() {
        return Arrays.stream(Change.class.getPermittedSubclasses());
    }

    private static String name(Class<?> kind) {
        return Arrays.stream(Change.class.getAnnotation(JsonSubTypes.class).value())
                .filter(type -> type.value() == kind)
                .map(JsonSubTypes.Type::name)
                .findFirst()
                .orElseThrow();
    }

    private static String page(Class<?> kind) throws IOException {
        return Files.readString(PAGES.resolve(name(kind) + ".md"));
    }

    private static ObjectNode example(Class<?> kind) throws IOException {
        Matcher found = JSON.matcher(page(kind));
        assertThat(found.find()).as("an example in JSON").isTrue();
        return (ObjectNode) Json.MAPPER.readTree(found.group(1));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void its_page_has_all_sections_with_something_in_them(Class<?> kind) throws IOException {
        String page = page(kind);
        assertThat(page).startsWith("# " + name(kind) + "\n\n");
        assertThat(page.lines().filter(HEADINGS::contains)).containsExactlyElementsOf(HEADINGS);
        for (String heading : HEADINGS) {
            String section =
                    page.substring(page.indexOf(heading) + heading.length()).replaceFirst("(?s)\n## .*", "");
            assertThat(section.strip()).as(heading).hasSizeGreaterThan(15);
        }
        assertThat(Files.readString(PAGES.resolve("README.md")))
                .contains("[" + name(kind) + "](" + name(kind) + ".md)");
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void its_example_is_read_and_written_again_as_it_stands(Class<?> kind) throws IOException {
        ObjectNode example = example(kind);
        assertThat(WrittenChange.problems(example)).isEmpty();
        assertThat(WrittenChange.kind(example)).contains(name(kind));
        Change change = Json.MAPPER.treeToValue(example, Change.class);
        assertThat(change).isInstanceOf(kind);
        JsonNode again =
                Json.MAPPER.readTree(Json.MAPPER.writerFor(Change.class).writeValueAsString(change));
        assertThat(again).isEqualTo(example);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void its_table_has_all_fields_and_says_which_may_be_left_out(Class<?> kind) throws IOException {
        ObjectNode example = example(kind);
        Map<String, String> told = new LinkedHashMap<>();
        String table =
                page(kind).replaceFirst("(?s).*\n\\| field \\| type ", "").replaceFirst("(?s)\n\n.*", "");
        FIELD.matcher(table).results().forEach(row -> told.put(row.group(1), row.group(3)));
        List<String> fields = new ArrayList<>(List.of("type"));
        fields(kind, "", fields);
        assertThat(told.keySet()).containsExactlyInAnyOrderElementsOf(fields);
        for (String field : example.propertyNames()) {
            ObjectNode without = example.deepCopy();
            without.remove(field);
            String problems = String.join("; ", WrittenChange.problems(without));
            if ("required".equals(told.get(field))) {
                assertThat(problems).contains("the field \"" + field + "\"", "is missing: it must be ");
                assertThat(problems).contains(field.equals("type") ? "one of create_index, " : " of " + name(kind));
            } else if (String.valueOf(told.get(field)).startsWith("required with ")) {
                assertThat(problems).contains(name(kind));
            } else {
                assertThat(problems).as("without " + field).isEmpty();
            }
            ObjectNode misspelt = example.deepCopy();
            misspelt.set(field + "s_", misspelt.remove(field));
            if (!field.equals("type")) {
                assertThat(String.join("; ", WrittenChange.problems(misspelt)))
                        .contains("there is no field \"" + field + "s_\" of " + name(kind));
            }
        }
    }

    /** The fields of a record and of those within it, as a table names them. */
    private static void fields(Class<?> record, String path, List<String> into) {
        for (RecordComponent component : record.getRecordComponents()) {
            String name = path + component.getName();
            into.add(name);
            Type type = component.getGenericType();
            if (type instanceof ParameterizedType list
                    && list.getActualTypeArguments()[0] instanceof Class<?> entry
                    && entry.isRecord()
                    && entry != record) {
                fields(entry, name + "[].", into);
            } else if (type instanceof Class<?> plain && plain.isSealed()) {
                into.add(name + ".type");
                for (Class<?> one : plain.getPermittedSubclasses()) {
                    List<String> own = new ArrayList<>();
                    fields(one, name + ".", own);
                    own.stream().filter(field -> !into.contains(field)).forEach(into::add);
                }
            }
        }
    }

    @Test
    void a_proposal_written_by_hand_as_its_page_shows_is_applied(@TempDir Path folder) throws IOException {
        Matcher found = JSON.matcher(Files.readString(DOCS.resolve("proposal.md")));
        assertThat(found.find()).isTrue();
        Files.writeString(folder.resolve("proposal.json"), found.group(1));
        Proposal proposal = ProposalFolder.read(folder);
        ProposalFolder.write(proposal, folder);
        try (LocalServer local = LocalServer.start(Installed.chosen(), Map.of())) {
            Bench bench = Bench.on(local, "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint)");
            DeploymentResult applied = bench.apply(proposal.recommendations().stream()
                    .map(Recommendation::change)
                    .toArray(Change[]::new));
            assertThat(applied.complete()).as(applied.toString()).isTrue();
        }
    }
}
