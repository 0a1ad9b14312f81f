package dev.hone.cli;

import dev.hone.twin.Omission;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What the twin does without, and which queries that touches, in sentences for people. */
final class OmissionNotes {

    private static final int MOST_NOTES = 10;
    private static final int MOST_QUERIES = 6;

    private OmissionNotes() {}

    /** What touches a query comes first and is named; the rest is counted. */
    static List<String> of(Map<Omission, List<String>> reach) {
        List<String> notes = new ArrayList<>();
        List<String> general = new ArrayList<>();
        int idle = 0;
        for (Map.Entry<Omission, List<String>> entry : reach.entrySet()) {
            Omission omission = entry.getKey();
            String what = omission.object() + " (" + omission.reason() + ")";
            if (!entry.getValue().isEmpty()) {
                notes.add("The twin does without " + what + ". It touches " + names(entry.getValue())
                        + ": plans may differ there.");
            } else if (omission.relations().isEmpty()) {
                general.add("The twin does without " + what + ": plans that hang on it may differ.");
            } else {
                idle++;
            }
        }
        notes.addAll(general);
        int left = Math.max(0, notes.size() - MOST_NOTES);
        List<String> shown = new ArrayList<>(notes.subList(0, notes.size() - left));
        if (left + idle > 0) {
            shown.add("The twin does without " + Words.count((long) left + idle, "more object", "more objects") + "; "
                    + idle + " of them on tables that no query of the workload reads.");
        }
        return shown;
    }

    private static String names(List<String> queries) {
        return (queries.size() == 1 ? "query " : "queries ")
                + String.join(", ", queries.subList(0, Math.min(MOST_QUERIES, queries.size())))
                + (queries.size() > MOST_QUERIES ? " and " + (queries.size() - MOST_QUERIES) + " more" : "");
    }
}
