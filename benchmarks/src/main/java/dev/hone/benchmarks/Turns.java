package dev.hone.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Contenders turn by turn, from the first to the last and back, so that what drifts meanwhile hits all of them alike. */
final class Turns {

    /** One run of a contender. */
    @FunctionalInterface
    interface Turn<C, R> {
        R run(C contender) throws IOException, InterruptedException;
    }

    private Turns() {}

    /**
     * Runs every contender twice a round.
     *
     * @return per contender, in their order, what its runs gave, in the order of time
     */
    static <C, R> Map<C, List<R>> run(List<C> contenders, int rounds, Turn<C, R> turn)
            throws IOException, InterruptedException {
        List<C> order = new ArrayList<>(contenders);
        order.addAll(contenders.reversed());
        Map<C, List<R>> results = new LinkedHashMap<>();
        for (int round = 0; round < rounds; round++) {
            for (C contender : order) {
                results.computeIfAbsent(contender, key -> new ArrayList<>()).add(turn.run(contender));
            }
        }
        return results;
    }
}
