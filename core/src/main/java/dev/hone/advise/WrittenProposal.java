package dev.hone.advise;

import dev.hone.HoneException;
import dev.hone.change.WrittenChange;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * A Proposal as somebody has written it in JSON, perhaps by hand: looked at before it is read, so that what is wrong is
 * said by its name and its place.
 *
 * @param name of the file, for people
 */
record WrittenProposal(String name, JsonNode json) {

    /**
     * Refuses one that lacks what every command needs, or has a change that cannot be understood.
     *
     * @throws HoneException of kind {@code USAGE}
     */
    void require() {
        for (String field : List.of("createdAt", "database", "workload")) {
            requireText(json, field, "");
        }
        if (!isInstant(json.path("createdAt").asString())) {
            throw wrong("the field \"createdAt\" must be a time such as 2026-11-01T10:00:00Z");
        }
        JsonNode recommendations = json.path("recommendations");
        if (!recommendations.isArray()) {
            throw wrong(problem("recommendations", recommendations, "a list"));
        }
        for (int i = 0; i < recommendations.size(); i++) {
            requireRecommendation(recommendations.path(i), "recommendation " + (i + 1) + ": ");
        }
    }

    private void requireRecommendation(JsonNode one, String place) {
        if (!one.path("change").isObject()) {
            throw wrong(place + problem("change", one.path("change"), "an object"));
        }
        List<String> problems = WrittenChange.problems(one.path("change"));
        if (!problems.isEmpty()) {
            String page = WrittenChange.kind(one.path("change")).orElse("README");
            throw wrong(place + String.join("; ", problems), "docs/changes/" + page + ".md");
        }
        requireText(one, "reason", place);
    }

    private void requireText(JsonNode in, String field, String place) {
        if (!in.path(field).isString()) {
            throw wrong(place + problem(field, in.path(field), "a text"));
        }
    }

    private static String problem(String field, JsonNode found, String wanted) {
        return "the field \"" + field + "\" " + (found.isMissingNode() ? "is missing: it must be " : "must be ")
                + wanted;
    }

    private static boolean isInstant(String text) {
        try {
            Instant.parse(text);
            return true;
        } catch (DateTimeParseException e) {
            return false;
        }
    }

    private HoneException wrong(String what) {
        return wrong(what, "docs/proposal.md");
    }

    private HoneException wrong(String what, String page) {
        return HoneException.usage(
                name + " is not a proposal: " + what,
                "Nothing was changed. Correct the file, or write it again with `hone advise --out`; " + page
                        + " shows the fields.");
    }
}
