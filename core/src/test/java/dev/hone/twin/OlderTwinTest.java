package dev.hone.twin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Progress;
import dev.hone.change.CreateIndex;
import dev.hone.postgres.Installed;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Twins of the majors before 18, each on PostgreSQL of its own major, against a real database of that major. */
class OlderTwinTest {

    private static final double SAME_SHAPES = 0.95;

    @ParameterizedTest
    @ValueSource(ints = {13, 14, 15, 16, 17})
    void plans_are_those_of_the_source_without_and_with_hypothetical_indexes(int major) {
        try (Source source = Source.start(Installed.major(major))) {
            List<String> different = new ArrayList<>();
            try (Twin twin = Twin.build(source.snapshot(), Progress.NONE)) {
                assertThat(twin.omissions()).isEmpty();
                List<Double> errors = compare(major + ", no secondary index", source, twin, different);
                assertThat(errors).as("error of costs without indexes").allMatch(error -> error < 1e-9);
            }
            TwinFidelityTest.INDEXES.forEach(index -> source.execute(index.statement(false)));
            source.execute("ANALYZE");
            try (Twin twin = Twin.build(source.snapshot(), Progress.NONE)) {
                assertThat(twin.omissions()).isEmpty();
                for (CreateIndex index : TwinFidelityTest.INDEXES) {
                    twin.hideExisting(index.schema(), index.name(), true);
                    twin.create(TwinFidelityTest.renamed(index));
                }
                List<Double> errors = compare(major + ", all indexes hypothetical", source, twin, different);
                assertThat(errors).filteredOn(error -> error < 0.01).hasSizeGreaterThan(errors.size() * 8 / 10);
            }
            int plans = 2 * TwinFidelityTest.QUERIES.size();
            assertThat(different).hasSizeLessThanOrEqualTo((int) (plans * (1 - SAME_SHAPES)));
        }
    }

    /** The error of each plan's cost; plans of another shape are added to the list. */
    private static List<Double> compare(String label, Source source, Twin twin, List<String> different) {
        List<Double> errors = new ArrayList<>();
        int before = different.size();
        for (String query : TwinFidelityTest.QUERIES) {
            Plan real = source.explain(query);
            Plan pretended = twin.explain(query);
            double error = Math.abs(pretended.totalCost() - real.totalCost()) / real.totalCost();
            errors.add(error);
            String expected = TwinFidelityTest.shape(real.root());
            String actual = TwinFidelityTest.shape(pretended.root());
            if (!expected.equals(actual)) {
                different.add(query + "\n   " + actual + "\n   instead of " + expected);
            }
        }
        int queries = errors.size();
        System.out.printf(
                "%s: %d of %d shapes alike, %d costs exact, %d within 1 %%, worst %.2f %%%n%s%n",
                label,
                queries - different.size() + before,
                queries,
                errors.stream().filter(error -> error < 1e-9).count(),
                errors.stream().filter(error -> error < 0.01).count(),
                100 * errors.stream().mapToDouble(Double::doubleValue).max().orElseThrow(),
                String.join("\n", different.subList(before, different.size())));
        return errors;
    }
}
