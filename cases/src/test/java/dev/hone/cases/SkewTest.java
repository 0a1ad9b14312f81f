package dev.hone.cases;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SkewTest {

    @Test
    void every_rank_is_in_range_and_low_ones_come_most() {
        Skew skew = new Skew(1000, 0.8, 30);
        SplittableRandom random = new SplittableRandom(1);
        int[] drawn = new int[1000];
        for (int i = 0; i < 100_000; i++) {
            drawn[skew.next(random)]++;
        }
        int firstHundred = 0;
        for (int rank = 0; rank < 100; rank++) {
            firstHundred += drawn[rank];
        }
        assertThat(firstHundred).isGreaterThan(25_000);
        assertThat(drawn[999]).isPositive();
    }

    @Test
    void without_an_exponent_all_ranks_are_alike() {
        Skew skew = new Skew(2, 0, 1);
        SplittableRandom random = new SplittableRandom(1);
        long zeros =
                random.longs(10_000).filter(ignored -> skew.next(random) == 0).count();
        assertThat(zeros).isBetween(4_700L, 5_300L);
    }

    @Test
    void impossible_skew_is_refused() {
        assertThatThrownBy(() -> new Skew(0, 0.5, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Skew(10, 1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Skew(10, 0.5, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
