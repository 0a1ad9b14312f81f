package dev.hone.advise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.advise.Deparsed.Column;
import dev.hone.advise.Deparsed.Comparison;
import dev.hone.advise.Deparsed.Constant;
import dev.hone.advise.Deparsed.Either;
import dev.hone.advise.Deparsed.Expression;
import dev.hone.advise.Deparsed.NullTest;
import dev.hone.advise.Deparsed.Order;
import dev.hone.advise.Deparsed.Parameter;
import dev.hone.advise.Deparsed.Truth;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DeparsedTest {

    private static final Column A = new Column("t", "a", "");

    @Test
    void conditions_that_must_all_hold_are_read_one_by_one() {
        assertThat(
                        Deparsed.conditions(
                                "((t.a = $1) AND (t.\"B \"\"x\" >= '2026-01-01'::date) AND (t.c IS NOT NULL) AND (NOT t.d) AND t.e)"))
                .containsExactly(
                        new Comparison(A, "=", new Parameter(1), false),
                        new Comparison(new Column("t", "B \"x", ""), ">=", new Constant("'2026-01-01'"), false),
                        new NullTest(new Column("t", "c", ""), false),
                        new Truth(new Column("t", "d", ""), false),
                        new Truth(new Column("t", "e", ""), true));
    }

    @Test
    void casts_of_columns_are_kept_and_those_of_values_are_not() {
        assertThat(Deparsed.conditions("((t.a)::text = 'it''s (a) AND b'::text)"))
                .containsExactly(
                        new Comparison(new Column("t", "a", "text"), "=", new Constant("'it''s (a) AND b'"), false));
        assertThat(Deparsed.conditions("(t.a = ANY ('{1,2}'::integer[]))"))
                .containsExactly(new Comparison(A, "=", new Constant("'{1,2}'"), true));
        assertThat(Deparsed.conditions("(t.a = ANY ($2))"))
                .containsExactly(new Comparison(A, "=", new Parameter(2), true));
    }

    @Test
    void expressions_lose_their_alias_and_those_with_values_or_two_tables_are_no_keys() {
        assertThat(Deparsed.conditions("(lower((t.\"E\")::text) = 'x'::text)"))
                .singleElement()
                .satisfies(c -> assertThat(((Comparison) c).left()).isInstanceOfSatisfying(Expression.class, e -> {
                    assertThat(e.aliases()).containsExactly("t");
                    assertThat(Deparsed.canonical(e.sql())).isEqualTo(Deparsed.canonical("lower((\"E\")::text)"));
                }));
        assertThat(Deparsed.conditions("((t.a + $1) = u.b)"))
                .singleElement()
                .satisfies(c ->
                        assertThat(((Comparison) c).left()).isEqualTo(new Expression(Set.of("t"), "", List.of(1))));
        assertThat(Deparsed.conditions("((t.a + u.b) > 3)"))
                .singleElement()
                .satisfies(c ->
                        assertThat(((Expression) ((Comparison) c).left()).sql()).isEmpty());
    }

    @Test
    void what_is_not_understood_is_no_condition_or_no_column() {
        for (String strange : new String[] {
            "",
            ")",
            "((",
            "t.a",
            "(ANY (hashed SubPlan 1).col1)",
            "(t.a IS DISTINCT FROM $1)",
            "'open",
            "\"open",
            "(t.a OPERATOR(public.=) 5)",
            "((t.a = 1) IS TRUE)",
            "CASE WHEN (t.a = 1) THEN true ELSE false END"
        }) {
            assertThat(Deparsed.conditions(strange))
                    .as(strange)
                    .noneMatch(c -> c instanceof Comparison)
                    .noneMatch(c -> c instanceof NullTest);
        }
    }

    @Test
    void an_or_is_one_condition() {
        assertThat(Deparsed.conditions("((t.a = 1) OR (t.a IS NULL))"))
                .singleElement()
                .isInstanceOfSatisfying(
                        Either.class, either -> assertThat(either.arms()).hasSize(2));
    }

    @Test
    void sort_keys_carry_their_direction_and_where_nulls_go() {
        assertThat(Deparsed.order("t.a DESC NULLS LAST")).contains(new Order(A, true, false, ""));
        assertThat(Deparsed.order("t.a DESC")).contains(new Order(A, true, true, ""));
        assertThat(Deparsed.order("t.a")).contains(new Order(A, false, false, ""));
        assertThat(Deparsed.order("t.a COLLATE \"C\" DESC")).contains(new Order(A, true, true, "\"C\""));
        assertThat(Deparsed.order("t.a USING OPERATOR(public.<<<)")).isEmpty();
    }

    @Test
    void columns_are_found_anywhere_and_functions_of_a_schema_are_none() {
        assertThat(Deparsed.columns("(public.f(t.a, (u.\"B\")::public.kind) || 't.x'::text)"))
                .containsExactly(A, new Column("u", "B", ""));
        assertThat(Deparsed.columns("t.*")).containsExactly(new Column("t", "*", ""));
    }

    @Test
    void the_keys_of_an_index_are_comparable_with_ours() {
        assertThat(Deparsed.indexKeys(
                        "CREATE UNIQUE INDEX i ON ONLY s.t USING btree (a, \"B\" DESC, lower((c)::text)) WHERE (x > 0)",
                        "btree"))
                .containsExactly(
                        Deparsed.canonical("\"a\""),
                        Deparsed.canonical("\"B\" DESC"),
                        Deparsed.canonical("(lower((\"c\")::text))"));
        assertThat(Deparsed.indexKeys("CREATE INDEX i ON s.t USING gin (a)", "btree"))
                .isEmpty();
    }

    @Test
    void an_update_names_the_columns_it_sets() {
        assertThat(
                        UpdatedColumns.of(
                                "UPDATE t SET A = 'x, y = 1', \"B\" = (SELECT c FROM u WHERE d = 1), (e, f) = (1, 2) WHERE g = 3"))
                .contains(Set.of("a", "B", "e", "f"));
        assertThat(UpdatedColumns.of("DELETE FROM t")).isEmpty();
    }

    @Test
    void placeholders_are_replaced_outside_of_quotes_and_the_rest_numbered_anew() {
        assertThat(Variations.substitute("SELECT '$1', \"$1\", $1, $2, $3 /* $2 */ -- $2", Map.of(2, "'v'")))
                .isEqualTo("SELECT '$1', \"$1\", $1, 'v', $2 /* $2 */ -- $2");
    }
}
