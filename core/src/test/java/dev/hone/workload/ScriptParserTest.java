package dev.hone.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScriptParserTest {

    @Test
    void reads_requests_with_weights_samples_and_statements_in_order() {
        Script script = ScriptParser.parse("w.sql", """
                -- The endpoints of the shop.
                -- request: orders of a user
                -- weight: 40
                -- sample user_id, status: SELECT user_id, status
                --   FROM orders
                --   LIMIT 100;
                SELECT * FROM orders WHERE user_id = :user_id AND status = :status;
                -- Then the total.
                SELECT count(*) FROM orders
                 WHERE user_id = :user_id;

                -- request: ping
                SELECT 1
                """);

        assertThat(script)
                .isEqualTo(new Script(
                        "w.sql",
                        List.of(
                                new Script.Request(
                                        "orders of a user",
                                        40,
                                        List.of(new Script.Sample(
                                                List.of("user_id", "status"),
                                                "SELECT user_id, status\nFROM orders\nLIMIT 100")),
                                        List.of(
                                                new Script.Statement(
                                                        "SELECT * FROM orders WHERE user_id = $1 AND status = $2",
                                                        List.of("user_id", "status")),
                                                new Script.Statement(
                                                        "SELECT count(*) FROM orders\n WHERE user_id = $1",
                                                        List.of("user_id")))),
                                new Script.Request(
                                        "ping", 1, List.of(), List.of(new Script.Statement("SELECT 1", List.of()))))));
    }

    @Test
    void statements_before_the_first_request_are_requests_of_their_own() {
        Script script = ScriptParser.parse("w.sql", """
                SELECT 1;
                -- weight: 2.5
                -- sample id: VALUES (1), (2)
                SELECT :id;
                SELECT 3;""");

        assertThat(script.requests())
                .extracting(Script.Request::name)
                .containsExactly("statement 1", "statement 2", "statement 3");
        assertThat(script.requests()).extracting(Script.Request::weight).containsExactly(1.0, 2.5, 1.0);
        assertThat(script.requests().get(1).samples())
                .containsExactly(new Script.Sample(List.of("id"), "VALUES (1), (2)"));
    }

    @Test
    void hostile_text_goes_through_unchanged() {
        List<String> hostile = List.of(
                "SELECT ':not_a_parameter; -- not a comment /* ' AS \"we\"\"ird;:x\"",
                "SELECT E'it\\'s; :still quoted', U&'d\\0061t;a', 'a\\', 'b;''c'",
                "SELECT $$ ; :a ' -- /* $x$ $$, $x$ ; $$ :b $x$, $ä$;:c$ä$",
                "SELECT 1::int, '{1}'::int[], (ARRAY[1,2,3])[1:2], x.y$1::text FROM t$a$ x",
                "SELECT /* ; /* nested :p ' */ ; */ 1 -- tail ; :q '\n + 2",
                "SELECT a ? 'b', a ?| array['c'], a @? '$.x ? (@ > 1)', a ->> '$1' FROM j",
                "SELECT f(a := 1, b => 2), 'ünïcödé 🐘', \"Ü;\" FROM \"Sch;ema\".\"T\"\"a'b\"",
                "SELECT type'x;y', e, e'\\\\', 1e5 -- no line feed");
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < hostile.size(); i++) {
            text.append("-- request: r")
                    .append(i)
                    .append('\n')
                    .append(hostile.get(i))
                    .append("\n;\n");
        }

        Script script = ScriptParser.parse("w.sql", text.toString());

        assertThat(script.requests())
                .allSatisfy(request -> assertThat(request.statements()).hasSize(1));
        assertThat(script.requests())
                .extracting(request -> request.statements().getFirst().sql())
                .containsExactlyElementsOf(hostile);
        assertThat(script.requests())
                .allSatisfy(request ->
                        assertThat(request.statements().getFirst().parameters()).isEmpty());
    }

    @Test
    void parameters_stand_everywhere_but_in_quotes_and_comments() {
        Script script = ScriptParser.parse("w.sql", """
                -- sample a, b_1, C: VALUES (1, 2, 3)
                SELECT :a::int+:b_1,(:C),array[:a],':a',":a",$$:a$$ /* :a */, x[1 : 2] -- :a
                """);

        Script.Statement statement = script.requests().getFirst().statements().getFirst();
        assertThat(statement.sql())
                .isEqualTo("SELECT $1::int+$2,($3),array[$4],':a',\":a\",$$:a$$ /* :a */, x[1 : 2] -- :a");
        assertThat(statement.parameters()).containsExactly("a", "b_1", "C", "a");
        assertThat(statement.jdbc())
                .isEqualTo("SELECT ?::int+?,(?),array[?],':a',\":a\",$$:a$$ /* :a */, x[1 : 2] -- :a");
    }

    @Test
    void jdbc_text_keeps_question_marks_that_are_operators() {
        assertThat(new Script.Statement("SELECT j ? $1, '?', $2 FROM t$1", List.of("a", "b")).jdbc())
                .isEqualTo("SELECT j ?? ?, '?', ? FROM t$1");
    }

    @Test
    void windows_line_ends_a_byte_order_mark_and_a_hint_are_no_trouble() {
        Script script = ScriptParser.parse(
                "w.sql", "\uFEFF-- request: a\r\n-- weight: 2\r\n/*+ SeqScan(t) */ SELECT 1;\r\n;;\r\n-- End.\r\n");

        assertThat(script.requests().getFirst().weight()).isEqualTo(2);
        assertThat(script.requests().getFirst().statements())
                .containsExactly(new Script.Statement("/*+ SeqScan(t) */ SELECT 1", List.of()));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    ''                                                     | w.sql:1: there is no statement
                    -- Only a note.                                        | w.sql:1: there is no statement
                    -- request: a⏎-- wieght: 3⏎SELECT 1                    | w.sql:2: unknown header 'wieght:'
                    -- request: a⏎-- weight: many⏎SELECT 1                 | w.sql:2: the weight 'many' is not a number
                    -- request: a⏎-- weight: -1⏎SELECT 1                   | w.sql:2: the weight -1 is not positive
                    -- request: a⏎-- weight: NaN⏎SELECT 1                  | w.sql:2: the weight NaN is not positive
                    -- request: a⏎-- Weight: 1⏎-- weight: 2⏎SELECT 1       | w.sql:3: a second weight
                    -- request:⏎SELECT 1                                   | w.sql:1: a request without a name
                    SELECT 1;⏎-- request: a⏎-- request: b⏎SELECT 1         | w.sql:2: request 'a' without a statement
                    SELECT 1;⏎-- weight: 4                                 | w.sql:2: a weight or sample without a statement
                    -- request: a⏎SELECT 1;⏎-- request: a⏎SELECT 2         | w.sql:3: a second request 'a'
                    -- request: a⏎SELECT 1;⏎-- weight: 2⏎SELECT 2          | w.sql:3: the weight comes after a statement
                    SELECT 1;⏎⏎SELECT⏎ :x                                  | w.sql:3: no sample for the parameter :x
                    -- sample: SELECT 1⏎SELECT :x                          | w.sql:1: a sample without a parameter
                    -- sample x:⏎SELECT :x                                 | w.sql:1: a sample without a query
                    -- sample x: SELECT 1; SELECT 2⏎SELECT :x              | w.sql:1: a sample of more than one statement
                    -- sample x: SELECT 'a⏎SELECT :x                       | w.sql:1: the quote ' is never closed
                    -- sample y: SELECT 1⏎SELECT 1                         | w.sql:1: no statement of the request uses :y
                    -- sample x: SELECT 1⏎-- sample x: SELECT 1⏎SELECT :x  | w.sql:2: a second sample for :x
                    SELECT 1;⏎\\set x 1⏎SELECT :x                           | w.sql:2: commands of psql and pgbench
                    SELECT * FROM t WHERE a = $1                           | w.sql:1: a parameter without a name
                    SELECT 1;⏎SELECT $a$ b                                 | w.sql:2: the quote $a$ is never closed
                    SELECT 1;⏎SELECT /* b                                  | w.sql:2: the comment /* is never closed
                    """)
    void mistakes_are_refused_with_the_file_and_line(String text, String message) {
        assertThatThrownBy(() -> ScriptParser.parse(
                        "w.sql", text.strip().replace('⏎', '\n').replace("\\\\", "\\")))
                .isInstanceOfSatisfying(HoneException.class, e -> {
                    assertThat(e.getMessage()).startsWith(message);
                    assertThat(e.kind()).isEqualTo(HoneException.Kind.USAGE);
                    assertThat(e.advice()).startsWith("Nothing was run. ");
                });
    }

    @Test
    void files_are_read_in_utf_8_or_refused(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("w.sql");
        Files.writeString(file, "SELECT 'ä'");
        assertThat(ScriptParser.read(file)
                        .requests()
                        .getFirst()
                        .statements()
                        .getFirst()
                        .sql())
                .isEqualTo("SELECT 'ä'");
        Files.write(file, new byte[] {'S', (byte) 0xE4, '\n'});
        assertThatThrownBy(() -> ScriptParser.read(file)).hasMessageContaining("is not text in UTF-8");
        assertThatThrownBy(() -> ScriptParser.read(folder.resolve("none.sql")))
                .hasMessageContaining("There is no file");
    }
}
