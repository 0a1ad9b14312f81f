package dev.hone.verify;

import dev.hone.advise.Advice;
import dev.hone.advise.Measured;
import dev.hone.advise.Recommendation;
import dev.hone.advise.Recommendation.Alternative;
import dev.hone.advise.Recommendation.Effect;
import dev.hone.change.AlterColumnStatistics;
import dev.hone.change.AlterSetting;
import dev.hone.change.CreateExtension;
import dev.hone.change.CreateIndex;
import dev.hone.change.DropIndex;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Advice after it was tried: what was kept, with what it did; what nobody tried stays as it was. */
final class VerifiedAdvice {

    private static final int MOST_ALTERNATIVES = 4;

    private final Advice advice;
    private final Verification found;
    private final Map<String, Verification.Query> queries = new HashMap<>();

    VerifiedAdvice(Advice advice, Verification found) {
        this.advice = advice;
        this.found = found;
        found.queries().forEach(query -> queries.put(query.id(), query));
    }

    Advice advice() {
        List<Recommendation> all = new ArrayList<>();
        Set<String> told = new HashSet<>();
        for (Verification.Told one : found.told()) {
            told.add(one.change().subject());
            all.add(recommendation(one));
        }
        List<Recommendation> removals = new ArrayList<>();
        for (Recommendation one : advice.recommendations()) {
            switch (one.change()) {
                case CreateIndex index -> {
                    if (!isTried(index)) {
                        all.add(one);
                    }
                }
                case DropIndex drop -> removals.add(one);
                case CreateExtension extension -> {
                    if (found.kept().stream().anyMatch(kept -> needs(kept.index(), extension))) {
                        all.add(one);
                    }
                }
                case AlterColumnStatistics number -> {
                    if (!told.contains(number.subject())) {
                        all.add(one);
                    }
                }
                default -> all.add(one);
            }
        }
        found.kept().forEach(kept -> all.add(recommendation(kept)));
        boolean weighed = found.rejected().stream().noneMatch(Verification.Rejected::recommended);
        if (weighed) {
            all.addAll(removals);
        }
        double before = cost(false);
        double after = cost(true);
        Advice verified = new Advice(
                before > 0 ? before : advice.costBefore(),
                before > 0 ? after : advice.costAfter(),
                all,
                advice.inUse(),
                advice.notes(),
                advice.effort(),
                advice.hints());
        verified = verified.withNote(String.format(
                Locale.ROOT,
                "Verified at %s: the measured queries take %.0f %% of the %s they took; %.0f %% was estimated. %d plans were"
                        + " measured%s.",
                found.where(),
                found.measuredRatio() * 100,
                found.unit(),
                found.estimatedRatio() * 100,
                found.plans(),
                found.complete() ? "" : " before the time was over; more time may find better"));
        for (Verification.Rejected rejected : found.rejected()) {
            if (rejected.recommended()) {
                verified = verified.withNote("Tried and not recommended: " + Verifier.text(rejected.index()) + ": "
                        + rejected.reason() + ".");
            }
        }
        if (!weighed) {
            for (Recommendation removal : removals) {
                verified = verified.withNote("Kept: " + removal.change().subject()
                        + ". Its removal was weighed with indexes that are not recommended now.");
            }
        }
        for (String note : found.notes()) {
            verified = verified.withNote(note);
        }
        return verified;
    }

    private boolean isTried(CreateIndex index) {
        return found.kept().stream().anyMatch(kept -> kept.index().equals(index))
                || found.rejected().stream()
                        .anyMatch(rejected -> rejected.index().equals(index));
    }

    /** Trigrams are all that an index is recommended for which PostgreSQL itself does not have. */
    private static boolean needs(CreateIndex index, CreateExtension extension) {
        return extension.name().equals("pg_trgm") && index.keys().stream().anyMatch(key -> key.contains("_trgm_ops"));
    }

    private double cost(boolean after) {
        return found.queries().stream()
                .mapToDouble(query -> query.calls() * (after ? query.costAfter() : query.costBefore()))
                .sum();
    }

    private Recommendation recommendation(Verification.Told told) {
        List<Effect> effects = new ArrayList<>();
        List<Measured> measured = new ArrayList<>();
        judge(told.queries(), effects, measured);
        String reason = String.format(
                Locale.ROOT,
                told.change() instanceof AlterSetting
                        ? "With %s instead of %s the planner chose faster plans there, where the data was in memory for the"
                                + " most part. Other queries of the database get it too. %s by it.%s"
                        : "Counted on the copy: n_distinct is %s, ANALYZE's sample made it %s. %s by it.%s",
                told.value(),
                told.now(),
                String.join(", ", told.queries()) + (told.queries().size() == 1 ? " has" : " have") + " a better plan",
                missed(told.missed()));
        return new Recommendation(told.change(), reason, 0, effects, List.of(), List.of(), null, measured);
    }

    private static String missed(double millis) {
        return millis > 0
                ? String.format(
                        Locale.ROOT, " Without it, and with the others, the workload would take %,.1f ms more.", millis)
                : "";
    }

    private Recommendation recommendation(Verification.Kept kept) {
        Recommendation estimated = estimated(kept.index());
        List<Effect> effects = new ArrayList<>();
        List<Measured> measured = new ArrayList<>();
        judge(kept.queries(), effects, measured);
        return new Recommendation(
                kept.index(),
                reason(kept),
                kept.bytes(),
                effects,
                alternatives(kept.index()),
                estimated == null ? List.of() : estimated.upkeep(),
                estimated == null ? null : estimated.buildTime(),
                measured);
    }

    private void judge(List<String> ids, List<Effect> effects, List<Measured> measured) {
        for (String id : ids) {
            Verification.Query query = queries.get(id);
            if (query == null) {
                continue;
            }
            effects.add(new Effect(id, query.sql(), query.costBefore(), query.costAfter(), query.calls()));
            if (!query.samePlan()) {
                measured.add(new Measured(
                        id,
                        query.estimatedRatio(),
                        query.measuredRatio(),
                        Math.max(0, query.interval().lower()),
                        query.interval().upper()));
            }
        }
    }

    private static String reason(Verification.Kept kept) {
        return String.join(", ", kept.queries())
                + (kept.queries().size() == 1 ? " uses it." : " use it.")
                + missed(kept.missed());
    }

    private @Nullable Recommendation estimated(CreateIndex index) {
        return advice.recommendations().stream()
                .filter(one -> one.change().equals(index))
                .findFirst()
                .orElse(null);
    }

    private List<Alternative> alternatives(CreateIndex index) {
        return found.rejected().stream()
                .filter(one -> one.index().schema().equals(index.schema())
                        && one.index().table().equals(index.table()))
                .limit(MOST_ALTERNATIVES)
                .map(one ->
                        new Alternative(one.index().statement(true), one.bytes(), null, "measured: " + one.reason()))
                .toList();
    }
}
