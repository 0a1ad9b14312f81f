package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * All that belongs to a table or rests on it, as far as a swap has to know of it.
 *
 * @param table its name, qualified and quoted
 * @param query what reads it
 * @param lines one for each thing: {@code what|digest of the very thing|digest of what it says}
 */
record Belongings(String table, String query, List<String> lines) {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Pattern ON_THE_TABLE = Pattern.compile("(index|trigger) (\"([^\"]|\"\")*\"|[^\" ]+)");
    private static final String SEEN = "hone.seen";

    Belongings {
        lines = List.copyOf(lines);
    }

    /**
     * As it is now.
     *
     * @param key the column by which it is, or is to be, partitioned
     * @param own indexes that the change itself makes, which do not count
     */
    static Belongings read(Server server, String table, String key, List<IndexPart> own) {
        String query = query(server, "partition_shape", table)
                .replace("<key>", Sql.literal(key))
                .replace(
                        "<mine>",
                        own.stream()
                                .map(index -> Sql.literal(index.name()))
                                .collect(Collectors.joining(", ", "ARRAY[", "]::text[]")));
        List<String> lines = server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.tag("shape", "SELECT unnest((" + query + "))"))
                        .mapTo(String.class)
                        .list());
        return new Belongings(table, query, lines);
    }

    private static String query(Server server, String name, String table) {
        return Sql.text(Belongings.class, name, server.version())
                .replaceAll("(?m)^ *--.*\\n", "")
                .strip()
                .replace("<table>", Sql.literal(table));
    }

    /**
     * The statement that fails if something is no longer so, and else remembers for {@link #still} what there is; for
     * before the locks of a swap, since it takes some milliseconds.
     *
     * @param advice what to do then; no quotes
     */
    String unchanged(Server server, String advice) {
        return "DO "
                + Sql.literal("DECLARE wrong text; path text := pg_catalog.current_setting('search_path'); BEGIN"
                        + " PERFORM pg_catalog.set_config('search_path', 'pg_catalog', true);"
                        + " SELECT string_agg(DISTINCT regexp_replace(coalesce(a.line, b.line), '([|][^|]*){2}$', ''), ', ')"
                        + " INTO wrong FROM unnest((" + query + ")) a(line) FULL JOIN unnest(ARRAY["
                        + lines.stream().map(Sql::literal).collect(Collectors.joining(", "))
                        + "]::text[]) b(line) ON b.line = a.line WHERE a.line IS NULL OR b.line IS NULL;"
                        + " IF wrong IS NOT NULL THEN RAISE EXCEPTION '% changed meanwhile (%); " + advice + "', "
                        + Sql.literal(table) + ", wrong USING ERRCODE = '" + PartitionDesign.CHANGED + "'; END IF;"
                        + " PERFORM set_config('" + SEEN + "', (" + query(server, "partition_still", table)
                        + "), true), set_config('search_path', path, true); END");
    }

    /** The statement that fails if something came or went since {@link #unchanged}, quickly, for behind the locks. */
    String still(Server server) {
        return "DO "
                + Sql.literal("BEGIN IF pg_catalog.current_setting('" + SEEN + "') IS DISTINCT FROM ("
                        + query(server, "partition_still", table) + ") THEN RAISE EXCEPTION"
                        + " '% changed in this moment', " + Sql.literal(table)
                        + " USING ERRCODE = '55P03'; END IF; END");
    }

    /** The table's partitions, at every level. */
    List<String> partitions() {
        return lines.stream()
                .map(Belongings::what)
                .filter(what -> what.startsWith("partition "))
                .map(what -> what.substring("partition ".length()))
                .sorted()
                .toList();
    }

    /**
     * Indexes and triggers of the table that came since, as {@code index name} and {@code trigger name}.
     *
     * @param before the lines of what was before, if need be of the table when it was not partitioned yet; empty
     *     if they are not known, and then nothing is told
     */
    List<String> got(List<String> before) {
        Set<String> had = before.stream().map(Belongings::what).collect(Collectors.toSet());
        return since(before).stream()
                .filter(what ->
                        !had.contains(what) && ON_THE_TABLE.matcher(what).matches())
                .toList();
    }

    /** All else that came, or is otherwise than it was; columns and partitions aside. */
    List<String> otherwise(List<String> before) {
        List<String> all = new ArrayList<>(since(before));
        all.removeAll(got(before));
        return all;
    }

    private List<String> since(List<String> before) {
        if (before.isEmpty()) {
            // Journaled by a version that did not look: there always was a column.
            return List.of();
        }
        Set<String> said = new HashSet<>();
        before.forEach(line -> said.add(saying(line)));
        return lines.stream()
                .filter(line -> !said.contains(saying(line)))
                .map(Belongings::what)
                .filter(what -> !what.startsWith("column ") && !what.startsWith("partition "))
                .toList();
    }

    private static String what(String line) {
        return line.substring(0, very(line));
    }

    /** All but whether it is the very thing. */
    private static String saying(String line) {
        return what(line) + line.substring(line.lastIndexOf('|'));
    }

    private static int very(String line) {
        return line.lastIndexOf('|', line.lastIndexOf('|') - 1);
    }
}
