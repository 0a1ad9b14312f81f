package dev.hone.workload;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SqlTokenTest {

    private static String joined(String sql) {
        return String.join(" ", SqlToken.of(sql).stream().map(SqlToken::text).toList());
    }

    @Test
    void words_numbers_parameters_quotes_and_symbols_are_told_apart() {
        assertThat(SqlToken.of("SELECT \"A b\", x1::int FROM t WHERE y>=$12 AND z='it''s' -- OFFSET 9\n LIMIT 1_000.5"))
                .extracting(token -> token.kind() + " " + token.text())
                .containsExactly(
                        "WORD select",
                        "QUOTED \"A b\"",
                        "SYMBOL ,",
                        "WORD x1",
                        "SYMBOL ::",
                        "WORD int",
                        "WORD from",
                        "WORD t",
                        "WORD where",
                        "WORD y",
                        "SYMBOL >",
                        "SYMBOL =",
                        "PARAMETER $12",
                        "WORD and",
                        "WORD z",
                        "SYMBOL =",
                        "QUOTED 'it''s'",
                        "WORD limit",
                        "NUMBER 1_000.5");
    }

    @Test
    void what_is_quoted_or_said_aside_is_no_code() {
        assertThat(joined("SELECT $a$ offset 5 $a$ /* offset /* 6 */ */, 'offset 7'"))
                .isEqualTo("select $a$ offset 5 $a$ , 'offset 7'");
        assertThat(SqlToken.of("SELECT 'never closed")).isEmpty();
    }
}
