package dev.hone.cases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class CasesTest {

    @Test
    void every_case_is_found_by_its_name() {
        assertThat(Cases.all()).isNotEmpty();
        assertThat(Cases.all())
                .allSatisfy(one -> assertThat(Cases.find(one.name())).isSameAs(one));
        assertThat(Cases.find(" GalloBets ").name()).isEqualTo("gallobets");
    }

    @Test
    void unknown_name_is_a_usage_error_that_lists_the_cases() {
        assertThatThrownBy(() -> Cases.find("gallo"))
                .isInstanceOf(HoneException.class)
                .hasMessageContaining("'gallo'")
                .asInstanceOf(InstanceOfAssertFactories.type(HoneException.class))
                .satisfies(e -> {
                    assertThat(e.kind()).isEqualTo(HoneException.Kind.USAGE);
                    assertThat(e.advice()).contains("gallobets");
                });
    }
}
