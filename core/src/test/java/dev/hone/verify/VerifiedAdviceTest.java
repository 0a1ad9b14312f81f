package dev.hone.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.advise.Advice;
import dev.hone.advise.Recommendation;
import dev.hone.change.Change;
import dev.hone.change.CreateExtension;
import dev.hone.change.CreateIndex;
import dev.hone.change.DropIndex;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VerifiedAdviceTest {

    private static final CreateExtension EXTENSION = new CreateExtension("pg_trgm", null);
    private static final CreateIndex TRIGRAM = index("gin", "title gin_trgm_ops");
    private static final CreateIndex PLAIN = index("btree", "author");
    private static final DropIndex REMOVAL =
            new DropIndex("public", "old", "CREATE INDEX old ON public.book USING btree (title)");

    @Test
    void an_extension_comes_before_the_index_that_needs_it_and_removals_come_last() {
        assertThat(changes(verification(List.of(TRIGRAM, PLAIN), List.of())))
                .containsExactly(EXTENSION, TRIGRAM, PLAIN, REMOVAL);
    }

    @Test
    void an_extension_that_no_kept_index_needs_goes_and_so_do_removals_weighed_with_a_rejected_one() {
        Verification found = verification(List.of(PLAIN), List.of(TRIGRAM));
        assertThat(changes(found)).containsExactly(PLAIN);
        assertThat(found.applied(advice()).notes()).anyMatch(note -> note.startsWith("Kept: " + REMOVAL.subject()));
    }

    private static List<Change> changes(Verification found) {
        return found.applied(advice()).recommendations().stream()
                .map(Recommendation::change)
                .toList();
    }

    private static Advice advice() {
        return new Advice(
                10,
                1,
                List.<Change>of(EXTENSION, TRIGRAM, PLAIN, REMOVAL).stream()
                        .map(change -> new Recommendation(change, "", 0, List.of(), List.of()))
                        .toList(),
                Set.of(),
                List.of(),
                new Advice.Effort(1, 2, 3, 4, true));
    }

    private static Verification verification(List<CreateIndex> kept, List<CreateIndex> rejected) {
        return new Verification(
                "a copy",
                "time",
                kept.stream()
                        .map(one -> new Verification.Kept(one, 1, List.of("q"), 1))
                        .toList(),
                List.of(),
                rejected.stream()
                        .map(one -> new Verification.Rejected(one, 1, true, "no query is faster"))
                        .toList(),
                List.of(),
                1,
                1,
                List.of(),
                0,
                true,
                null);
    }

    private static CreateIndex index(String method, String key) {
        return new CreateIndex("public", "book", key.split(" ", -1)[0], false, method, List.of(key), List.of(), null);
    }
}
