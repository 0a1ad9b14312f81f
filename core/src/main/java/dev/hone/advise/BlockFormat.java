package dev.hone.advise;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/** Writes a document's blocks; what a text holds stays text in every format. */
final class BlockFormat {

    private BlockFormat() {}

    /** As Markdown. */
    static String markdown(List<Block> blocks) {
        return blocks.stream().map(BlockFormat::markdown).collect(Collectors.joining("\n"));
    }

    private static String markdown(Block block) {
        return switch (block) {
            case Block.Heading heading -> "#".repeat(heading.level()) + " " + PlainText.markdown(heading.text()) + "\n";
            case Block.Words words -> PlainText.markdown(words.text()) + "\n";
            case Block.Points points ->
                points.points().stream()
                        .map(point -> "- " + PlainText.markdown(point) + "\n")
                        .collect(Collectors.joining());
            case Block.Grid grid ->
                row(grid.head())
                        + "|---".repeat(grid.head().size()) + "|\n"
                        + grid.rows().stream().map(BlockFormat::row).collect(Collectors.joining());
            case Block.Code code -> PlainText.fenced(code.language(), code.text());
        };
    }

    private static String row(List<String> cells) {
        return cells.stream().map(PlainText::markdown).collect(Collectors.joining(" | ", "| ", " |\n"));
    }

    /** As one HTML file that needs no other, no script and no network. */
    static String html(String title, List<Block> blocks) {
        return """
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <title>%s</title>
                <style>
                %s</style>
                </head>
                <body>
                <main>
                %s</main>
                </body>
                </html>
                """.formatted(
                inline(title), css(), blocks.stream().map(BlockFormat::html).collect(Collectors.joining()));
    }

    private static String html(Block block) {
        return switch (block) {
            case Block.Heading heading ->
                "<h" + heading.level() + ">" + inline(heading.text()) + "</h" + heading.level() + ">\n";
            case Block.Words words -> "<p>" + inline(words.text()) + "</p>\n";
            case Block.Points points ->
                points.points().stream()
                        .map(point -> "<li>" + inline(point) + "</li>\n")
                        .collect(Collectors.joining("", "<ul>\n", "</ul>\n"));
            case Block.Grid grid ->
                "<div class=\"card\"><table>\n<thead>" + row("th", grid.head()) + "</thead>\n<tbody>\n"
                        + grid.rows().stream().map(cells -> row("td", cells)).collect(Collectors.joining())
                        + "</tbody></table></div>\n";
            case Block.Code code -> "<pre>" + PlainText.html(code.text()) + "</pre>\n";
        };
    }

    private static String row(String cell, List<String> cells) {
        return cells.stream()
                .map(text -> "<" + cell + ">" + inline(text) + "</" + cell + ">")
                .collect(Collectors.joining("", "<tr>", "</tr>\n"));
    }

    private static String inline(String text) {
        return PlainText.html(PlainText.line(text));
    }

    private static String css() {
        try (InputStream in = Objects.requireNonNull(BlockFormat.class.getResourceAsStream("proposal.css"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
