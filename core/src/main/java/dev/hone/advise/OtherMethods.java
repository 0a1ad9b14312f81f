package dev.hone.advise;

import dev.hone.advise.TableUse.Fixed;
import dev.hone.advise.TableUse.Search;
import dev.hone.postgres.Catalog.Column;
import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics.ColumnStatistics;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The indexes that could help one use of a table where a plain btree cannot, or takes more space: GIN for what is
 * contained in documents, arrays and texts, GiST for what overlaps or is near, BRIN for rows stored in the order asked
 * for, hash for long values that are looked up whole; and btrees for the beginnings of texts.
 *
 * <p>Which operator an operator class knows is PostgreSQL's documentation, chapters 8.14, 12.9, F.35 and 65.
 */
final class OtherMethods {

    private static final String TRIGRAMS = "pg_trgm";
    private static final Set<String> PATTERNS = Set.of("~~", "~~*", "~", "~*");
    private static final Set<String> SIMILAR = Set.of("%", "<%", "%>", "<<%", "%>>");
    private static final Set<String> DISTANCES = Set.of("<->", "<<->", "<->>", "<<<->", "<->>>");
    private static final Set<String> ADDRESSES = Set.of("inet", "cidr");
    private static final Set<String> SHAPES = Set.of("point", "box", "polygon", "circle", "geometry", "geography");

    /** What jsonb_path_ops can do; its entries are fewer and more telling than those of the default class. */
    private static final Set<String> CONTAINMENT = Set.of("@>", "@@", "@?");

    private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}]{3,}");
    private static final Pattern BEGINNING_ONLY = Pattern.compile("(?s)(?:[^%_\\\\]|\\\\.)+%?");

    /** An index of block ranges under 16 MB of rows saves too little. */
    private static final int LARGE_PAGES = 2_048;

    private static final double ORDERLY = 0.9;

    /** More rows moved or gone than this share and the order will not last. */
    private static final double SETTLED = 0.1;

    /** A btree's entry of this width takes about twice the space of a hash. */
    private static final int LONG_BYTES = 32;

    private static final double NEARLY_UNIQUE = 0.5;

    /** The most conditions with which an index is tried as a partial one. */
    private static final int MOST_CONDITIONS = 3;

    private final TableUse use;
    private final Schema schema;
    private final List<List<Fixed>> conditions;
    private final Map<String, Candidate> found = new LinkedHashMap<>();

    OtherMethods(TableUse use, Schema schema, List<List<Fixed>> conditions) {
        this.use = use;
        this.schema = schema;
        this.conditions = conditions.stream().limit(MOST_CONDITIONS).toList();
    }

    /** The btree keys that find texts by their beginning. */
    List<String> patterns() {
        Set<String> keys = new LinkedHashSet<>();
        for (Search search : use.searches) {
            String type = type(search);
            if (asksForBeginning(search) && (type.isEmpty() || isText(type))) {
                keys.add(search.key() + (sortsByBytes(search) ? "" : " " + patternClass(type)));
            }
        }
        return List.copyOf(keys);
    }

    List<Candidate> candidates() {
        use.searches.forEach(this::search);
        Set<String> ranges = new LinkedHashSet<>(use.ranges);
        ranges.stream().filter(this::isOrderly).forEach(key -> add("brin", key));
        Set<String> equal = new LinkedHashSet<>(use.equal);
        equal.addAll(use.joins);
        equal.removeIf(key -> !isLongAndTelling(key));
        equal.addAll(use.wide);
        equal.forEach(key -> add("hash", key));
        return List.copyOf(found.values());
    }

    private void search(Search search) {
        String operator = search.operator();
        String type = type(search);
        boolean unknown = type.isEmpty();
        if (PATTERNS.contains(operator) || SIMILAR.contains(operator)) {
            if ((unknown || isText(type)) && hasTrigrams(search)) {
                trigrams("gin", search.key());
            }
        } else if (DISTANCES.contains(operator)) {
            if (isText(type)) {
                trigrams("gist", search.key());
            } else if (unknown || SHAPES.contains(type)) {
                add("gist", search.key());
            }
        } else {
            if (unknown || type.equals("jsonb")) {
                document(search.key(), operator);
            }
            if (unknown || type.equals("tsvector") || type.endsWith("[]")) {
                add("gin", search.key());
            }
            if (ADDRESSES.contains(type)) {
                add("gist", search.key() + " inet_ops");
            } else if (unknown || SHAPES.contains(type) || schema.isRange(type)) {
                add("gist", search.key());
            }
        }
    }

    private void document(String key, String operator) {
        if (CONTAINMENT.contains(operator)) {
            add("gin", key + " jsonb_path_ops");
        }
        add("gin", key);
    }

    private void trigrams(String method, String key) {
        String where = schema.extensionSchema(TRIGRAMS);
        String home = where == null ? schema.homeOfExtensions(use.table) : where;
        add(method, key + " " + Sql.identifier(home) + "." + method + "_trgm_ops", where == null ? TRIGRAMS : null);
    }

    private void add(String method, String key) {
        add(method, key, null);
    }

    private void add(String method, String key, @Nullable String extension) {
        add(new Candidate(use.table, method, List.of(key), List.of(), null, false, extension));
        for (List<Fixed> rows : conditions) {
            // That the key itself is not missing says nothing of the rest.
            if (rows.stream().noneMatch(fixed -> key.startsWith(fixed.key()))) {
                add(new Candidate(
                        use.table,
                        method,
                        List.of(key),
                        List.of(),
                        CandidateBuilder.predicate(rows),
                        rows.stream().anyMatch(Fixed::sampled),
                        extension));
            }
        }
    }

    private void add(Candidate candidate) {
        found.putIfAbsent(candidate.identity(), candidate);
    }

    /** Whether rows lie in the order of the key, and are likely to go on doing so. */
    private boolean isOrderly(String key) {
        ColumnStatistics known = statistics(key);
        if (known == null
                || known.correlation() == null
                || Math.abs(known.correlation()) <= ORDERLY
                || schema.leaves(use.table).stream()
                                .mapToLong(leaf -> leaf.relation().currentPages())
                                .sum()
                        < LARGE_PAGES) {
            return false;
        }
        var activity = use.table.activity();
        return activity == null
                || activity.rowsUpdated() - activity.rowsHotUpdated() + activity.rowsDeleted()
                        <= SETTLED * Math.max(1, use.table.relation().tuples());
    }

    private boolean isLongAndTelling(String key) {
        ColumnStatistics known = statistics(key);
        return known != null
                && known.averageWidth() >= LONG_BYTES
                && !use.ranges.contains(key)
                && use.table.distinctKey(key)
                        >= NEARLY_UNIQUE * Math.max(1, use.table.relation().tuples());
    }

    private @Nullable ColumnStatistics statistics(String key) {
        return use.table.columns().keySet().stream()
                .filter(name -> Sql.identifier(name).equals(key))
                .findFirst()
                .map(use.table.statistics()::get)
                .orElse(null);
    }

    /** The type of what is searched, without its modifier; empty if it is an expression. */
    private String type(Search search) {
        Column column = column(search);
        return column == null ? "" : column.type().replaceFirst("\\(.*\\)", "");
    }

    private @Nullable Column column(Search search) {
        return search.column() == null ? null : use.table.columns().get(search.column());
    }

    private static boolean isText(String type) {
        return type.equals("text") || type.startsWith("character") || type.equals("citext");
    }

    private static String patternClass(String type) {
        return type.equals("character")
                ? "bpchar_pattern_ops"
                : type.startsWith("character") ? "varchar_pattern_ops" : "text_pattern_ops";
    }

    private boolean sortsByBytes(Search search) {
        Column column = column(search);
        return schema.sortsByBytes(column == null ? null : column.collation());
    }

    private static boolean asksForBeginning(Search search) {
        String constant = search.constant();
        return switch (search.operator()) {
            case "^@" -> true;
            case "~~" ->
                constant == null || (!constant.isEmpty() && !constant.startsWith("%") && !constant.startsWith("_"));
            case "~" -> constant != null && constant.length() > 1 && constant.startsWith("^");
            default -> false;
        };
    }

    /** Whether three letters in a row are asked for, and not only at the beginning, where a btree does better. */
    private static boolean hasTrigrams(Search search) {
        String constant = search.constant();
        if (constant == null || SIMILAR.contains(search.operator())) {
            return true;
        }
        Matcher beginning = BEGINNING_ONLY.matcher(constant);
        return WORD.matcher(constant).find() && !(search.operator().equals("~~") && beginning.matches());
    }
}
