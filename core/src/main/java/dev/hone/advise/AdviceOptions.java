package dev.hone.advise;

import dev.hone.change.CreateIndex;
import dev.hone.postgres.Sql;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the index advisor may spend, and how it judges.
 *
 * @param budgetBytes the most that all new indexes together may take, in bytes; null for a fifth of the database's
 *     size, or {@link #LEAST_BUDGET_BYTES} where that is less: indexes compete with the data for the cache, so
 *     "unlimited" is no sane default, and a small database should not be starved by a percentage
 * @param timeLimit when it is over, the best choice so far is given
 * @param maximumWidth the most key columns of an index
 * @param minimumGain share of the remaining workload cost that an index must save to be worth having, from 0 to 1. Of
 *     the remaining one, since beside one hopeless query the rest would otherwise never count.
 * @param timeModel what a plan is worth
 * @param excluded indexes that must not be proposed, by {@link #identity}: without them comes the next best choice
 */
public record AdviceOptions(
        @Nullable Long budgetBytes,
        Duration timeLimit,
        int maximumWidth,
        double minimumGain,
        TimeModel timeModel,
        Set<String> excluded) {

    /** The least default budget, in bytes. */
    public static final long LEAST_BUDGET_BYTES = 64L << 20;

    public static final AdviceOptions DEFAULT =
            new AdviceOptions(null, Duration.ofMinutes(2), 3, 0.005, TimeModel.PLANNER, Set.of());

    public AdviceOptions {
        if (budgetBytes != null && budgetBytes < 0) {
            throw new IllegalArgumentException("negative budget: " + budgetBytes);
        }
        if (timeLimit.isNegative()) {
            throw new IllegalArgumentException("negative time limit: " + timeLimit);
        }
        if (maximumWidth < 1 || maximumWidth > 32) {
            throw new IllegalArgumentException("maximum width must be from 1 to 32: " + maximumWidth);
        }
        if (!(minimumGain >= 0 && minimumGain < 1)) {
            throw new IllegalArgumentException("minimum gain must be from 0 to 1: " + minimumGain);
        }
        excluded = Set.copyOf(excluded);
    }

    public AdviceOptions withBudget(long bytes) {
        return new AdviceOptions(bytes, timeLimit, maximumWidth, minimumGain, timeModel, excluded);
    }

    public AdviceOptions withTimeLimit(Duration limit) {
        return new AdviceOptions(budgetBytes, limit, maximumWidth, minimumGain, timeModel, excluded);
    }

    public AdviceOptions withTimeModel(TimeModel model) {
        return new AdviceOptions(budgetBytes, timeLimit, maximumWidth, minimumGain, model, excluded);
    }

    /** The same, with these indexes excluded besides those that are already. */
    public AdviceOptions excluding(Collection<CreateIndex> indexes) {
        Set<String> all = new HashSet<>(excluded);
        indexes.forEach(index -> all.add(identity(index)));
        return new AdviceOptions(budgetBytes, timeLimit, maximumWidth, minimumGain, timeModel, all);
    }

    /** What tells an index from others, whatever its name. */
    public static String identity(CreateIndex index) {
        return Sql.identifier(index.schema(), index.table())
                + (index.unique() ? " unique " : " ")
                + index.method()
                + index.keys()
                + index.include()
                + index.predicate();
    }

    /** Whether an index must not be proposed. */
    boolean excludes(CreateIndex index) {
        return !excluded.isEmpty() && excluded.contains(identity(index));
    }

    /** The budget for a database of a size in bytes, which is negative if it is not known. */
    public long budgetFor(long databaseBytes) {
        return budgetBytes != null ? budgetBytes : Math.max(LEAST_BUDGET_BYTES, databaseBytes / 5);
    }
}
