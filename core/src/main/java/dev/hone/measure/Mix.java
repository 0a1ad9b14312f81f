package dev.hone.measure;

import dev.hone.HoneException;
import dev.hone.workload.SampleValues;
import dev.hone.workload.Script;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Which request comes next, and with which values. Immutable; a client draws with a generator of its own. */
final class Mix {

    /**
     * A request, ready to be drawn from.
     *
     * @param statements JDBC texts
     * @param rows per sample, its rows
     * @param places per statement and parameter, which sample and column gives its value
     */
    record Ready(
            String name, List<String> statements, List<List<List<@Nullable String>>> rows, List<List<Place>> places) {

        /** Draws the rows of a call: one index per sample. */
        void draw(SplittableRandom random, int[] drawn) {
            for (int sample = 0; sample < rows.size(); sample++) {
                drawn[sample] = random.nextInt(rows.get(sample).size());
            }
        }

        @Nullable String value(Place place, int[] drawn) {
            return rows.get(place.sample).get(drawn[place.sample]).get(place.column);
        }
    }

    record Place(int sample, int column) {}

    private final List<Ready> requests;
    private final double[] cumulativeWeights;

    /**
     * Joins a script with its values.
     *
     * @throws HoneException of kind {@code USAGE} if a sample returned no row
     */
    Mix(Script script, SampleValues values) {
        requests = script.requests().stream()
                .map(request -> ready(script, request, values))
                .toList();
        cumulativeWeights = new double[requests.size()];
        double sum = 0;
        for (int i = 0; i < cumulativeWeights.length; i++) {
            sum += script.requests().get(i).weight();
            cumulativeWeights[i] = sum;
        }
    }

    List<Ready> requests() {
        return requests;
    }

    int mostSamples() {
        return requests.stream()
                .mapToInt(request -> request.rows().size())
                .max()
                .orElse(0);
    }

    /** Draws the index of a request by the weights. */
    int next(SplittableRandom random) {
        if (cumulativeWeights.length == 1) {
            return 0;
        }
        double drawn = random.nextDouble() * cumulativeWeights[cumulativeWeights.length - 1];
        int found = Arrays.binarySearch(cumulativeWeights, drawn);
        return Math.min(found < 0 ? -found - 1 : found + 1, cumulativeWeights.length - 1);
    }

    private static Ready ready(Script script, Script.Request request, SampleValues values) {
        List<List<List<@Nullable String>>> rows = new ArrayList<>();
        for (Script.Sample sample : request.samples()) {
            List<List<@Nullable String>> sampled = values.rows(sample);
            if (sampled.isEmpty()) {
                throw HoneException.usage(
                        script.name() + ": the sample of :" + String.join(", :", sample.parameters()) + " of request '"
                                + request.name() + "' returned no row",
                        "Nothing was run. Fill the table, or write a sample that always returns one (with TABLESAMPLE,"
                                + " a larger percentage).");
            }
            rows.add(sampled);
        }
        List<List<Place>> places = request.statements().stream()
                .map(statement -> statement.parameters().stream()
                        .map(parameter -> place(request, parameter))
                        .toList())
                .toList();
        return new Ready(
                request.name(),
                request.statements().stream().map(Script.Statement::jdbc).toList(),
                rows,
                places);
    }

    private static Place place(Script.Request request, String parameter) {
        for (int sample = 0; sample < request.samples().size(); sample++) {
            int column = request.samples().get(sample).parameters().indexOf(parameter);
            if (column >= 0) {
                return new Place(sample, column);
            }
        }
        throw new IllegalArgumentException("no sample for :" + parameter + " in request " + request.name());
    }
}
