package dev.hone.twin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Snapshot;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Statistics that are broken in thousands of ways: whatever they say, a twin is built, plans, and its server lives. */
class TwinFuzzTest {

    private static final int TWINS = 8;

    private static final List<CreateIndex> INDEXES = List.of(
            index("orders", "f1", "btree", "state, note, amount"),
            index("orders", "f2", "btree", "(amount * city)"),
            index("orders", "f3", "hash", "ref"),
            index("orders", "f4", "brin", "placed"),
            index("orders", "f5", "gin", "note gin_trgm_ops"),
            index("product", "f6", "gin", "tags"));

    private static Source source;
    private static Snapshot snapshot;

    @BeforeAll
    static void build() {
        source = Source.start();
        source.execute("CREATE INDEX e1 ON public.product USING gin (tags); CREATE INDEX e2 ON public.orders USING brin"
                + " (placed); CREATE INDEX e3 ON \"Sales Dept\".\"Customer\" USING gin (profile);"
                + " CREATE STATISTICS public.many ON state, region, amount FROM public.orders; ANALYZE");
        snapshot = source.snapshot();
    }

    @AfterAll
    static void stop() {
        source.close();
    }

    @Test
    void no_statistic_crashes_the_twin() {
        int mutations = 0;
        int omissions = 0;
        for (int seed = 1; seed <= TWINS; seed++) {
            // Everything broken, or but a quarter.
            MutatedStatistics mutated = new MutatedStatistics(seed, 1 + seed % 4);
            Snapshot s = snapshot;
            Snapshot bad = new Snapshot(
                    s.format(),
                    s.takenAt(),
                    s.database(),
                    s.settings(),
                    mutated.of(s.catalog()),
                    mutated.of(s.statistics()),
                    s.activity(),
                    s.evidence(),
                    s.blindSpots());
            mutations += mutated.mutations();
            try (Twin twin = Twin.build(bad, Progress.NONE)) {
                assertThat(twin.omissions()).isNotEmpty();
                omissions += twin.omissions().size();
                plans(twin);
                for (CreateIndex index : INDEXES) {
                    try {
                        HypotheticalIndex made = twin.create(index);
                        assertThat(made.sizeBytes()).as(index.name()).isPositive();
                    } catch (HoneException e) {
                        // Refused, and said so; that is no crash.
                        assertThat(e.kind()).isEqualTo(HoneException.Kind.FAILED);
                    }
                }
                plans(twin);
                // A server that has lost a process ends all its sessions: this one has been there from the start.
                assertThat(twin.install("there is no such extension")).isFalse();
            }
        }
        System.out.println(mutations + " values changed, " + omissions + " omissions in " + TWINS + " twins");
        assertThat(mutations).isGreaterThan(2_000);
    }

    private static void plans(Twin twin) {
        for (String query : TwinFidelityTest.QUERIES) {
            assertThat(twin.explain(query).totalCost())
                    .as(query)
                    .isNotNegative()
                    .isFinite();
        }
    }

    private static CreateIndex index(String table, String name, String method, String keys) {
        return new CreateIndex("public", table, name, false, method, List.of(keys), List.of(), null);
    }
}
