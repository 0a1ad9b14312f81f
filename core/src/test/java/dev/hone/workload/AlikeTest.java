package dev.hone.workload;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AlikeTest {

    private static List<Workload.Query> merged(String... statements) {
        List<Workload.Query> queries = Stream.of(statements)
                .map(sql -> new Workload.Query("q" + sql.hashCode(), sql, 2, 10.0, 3L, List.of()))
                .toList();
        return Alike.merged(new Workload("test", queries), query -> true).queries();
    }

    private static Workload.Query one(String... statements) {
        assertThat(merged(statements)).hasSize(1);
        return merged(statements).getFirst();
    }

    @Test
    void what_varies_becomes_a_parameter_and_what_never_does_stays() {
        Workload.Query query = one(
                "SELECT * FROM bets WHERE user_id = 7 AND status = 'open' AND note = 'it''s' LIMIT 10",
                "SELECT * FROM bets WHERE user_id = 812 AND status = 'open' AND note = 'other' LIMIT 10");
        assertThat(query.sql())
                .isEqualTo("SELECT * FROM bets WHERE user_id = $1::int AND status = 'open' AND note = $2 LIMIT 10");
        assertThat(query.samples()).containsExactly(List.of("7", "it's"), List.of("812", "other"));
        assertThat(query.calls()).isEqualTo(4);
        assertThat(query.totalMillis()).isEqualTo(20);
        assertThat(query.rows()).isEqualTo(6);
        assertThat(query.id()).endsWith("and 1 alike");
    }

    @Test
    void a_type_before_a_literal_becomes_a_cast() {
        assertThat(one("SELECT 1 FROM t WHERE d > date '2026-01-01'", "SELECT 1 FROM t WHERE d > DATE '2026-02-01'")
                        .sql())
                .isEqualTo("SELECT 1 FROM t WHERE d > $1::date");
    }

    @Test
    void a_limit_after_an_order_is_a_constant_again() {
        assertThat(one("SELECT a FROM t ORDER BY 1, b LIMIT 5", "SELECT a FROM t ORDER BY 1, b LIMIT 6")
                        .sql())
                .isEqualTo("SELECT a FROM t ORDER BY 1, b LIMIT $1::int");
    }

    @Test
    void a_sign_goes_with_its_number_and_a_minus_between_operands_does_not() {
        Workload.Query query = one(
                "SELECT a - 1 FROM t WHERE b = -5 AND c IN (-1, 2)",
                "SELECT a - 2 FROM t WHERE b = -6 AND c IN (-1, 3)");
        assertThat(query.sql()).isEqualTo("SELECT a - $1::int FROM t WHERE b = $2::int AND c IN (-1, $3::int)");
        assertThat(query.samples().getFirst()).containsExactly("1", "-5", "2");
    }

    @Test
    void positions_names_casts_comments_and_escapes_are_no_constants() {
        String[] apart = {
            "SELECT a, b FROM t2 ORDER BY 1, 2", "SELECT a, b FROM t2 ORDER BY 2, 1",
            "SELECT a, count(*) FROM t GROUP BY 1", "SELECT a, count(*) FROM t GROUP BY 2",
            "SELECT a FROM t WHERE b = 1 ORDER BY c DESC, 2", "SELECT a FROM t WHERE b = 1 ORDER BY c DESC, 3",
            "SELECT d -> 0 FROM t", "SELECT d -> 1 FROM t",
            "SELECT substring(c FROM 1) FROM t", "SELECT substring(c FROM 2) FROM t",
            "SELECT a FROM t WHERE n > 10", "SELECT a FROM t WHERE n > 9.99",
            "SELECT a FROM t1", "SELECT a FROM t3",
            "SELECT E'a'", "SELECT E'b'",
            "SELECT \"1\" FROM t", "SELECT \"2\" FROM t"
        };
        assertThat(merged(apart)).extracting(Workload.Query::sql).containsExactly(apart);
    }

    @Test
    void equal_statements_those_with_parameters_and_unlike_ones_stay_as_they_are() {
        String[] apart = {
            "SELECT 1", "SELECT 1", "SELECT a FROM t WHERE b = $1 AND c = 1", "SELECT a FROM t WHERE b = $1 AND c = 2",
            "SELECT a FROM t WHERE b IN (1, 2)", "SELECT a FROM t WHERE b IN (1, 2, 3)", "SELECT 'never closed", ""
        };
        assertThat(merged(apart)).extracting(Workload.Query::sql).containsExactly(apart);
    }

    @Test
    void what_the_server_does_not_understand_stays_apart() {
        Workload workload = new Workload(
                "test",
                List.of(
                        new Workload.Query("a", "SELECT 1", 1, null, null, List.of()),
                        new Workload.Query("b", "SELECT 2", 1, null, null, List.of())));
        assertThat(Alike.merged(workload, query -> false)).isEqualTo(workload);
    }
}
