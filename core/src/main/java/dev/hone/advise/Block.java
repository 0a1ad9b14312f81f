package dev.hone.advise;

import java.util.List;

/** A part of a document for people: its texts are plain, whatever they hold, until a format writes them. */
sealed interface Block {

    /** A heading; 1 is the document's title. */
    record Heading(int level, String text) implements Block {}

    /** Sentences. */
    record Words(String text) implements Block {}

    /** Points, one after the other. */
    record Points(List<String> points) implements Block {
        public Points {
            points = List.copyOf(points);
        }
    }

    /** A table; every row has as many cells as the head. */
    record Grid(List<String> head, List<List<String>> rows) implements Block {
        public Grid {
            head = List.copyOf(head);
            rows = List.copyOf(rows);
        }
    }

    /** Statements or commands to be copied; the language is {@code sql}, {@code sh} or {@code text}. */
    record Code(String language, String text) implements Block {}
}
