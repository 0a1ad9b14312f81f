package dev.hone.advise;

import dev.hone.postgres.Sql;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names indexes as {@code table_column_column_idx}, as PostgreSQL itself would; never the same name twice. */
final class IndexNames {

    private static final int MOST_BYTES = 63;
    private static final String END = "_idx";
    private static final Pattern COLUMN = Pattern.compile("\"((?:[^\"]|\"\")+)\"");

    private final Schema schema;
    private final Set<String> given = new HashSet<>();

    IndexNames(Schema schema) {
        this.schema = schema;
    }

    /** A name that no relation of the table's schema has, and that was not given before. */
    String name(Schema.Name table, List<String> keys) {
        StringBuilder base = new StringBuilder(table.table());
        for (String key : keys) {
            base.append('_').append(part(key));
        }
        for (int attempt = 0; ; attempt++) {
            String end = END + (attempt == 0 ? "" : Integer.toString(attempt));
            String name = end(base.toString(), end);
            String qualified = Sql.identifier(table.schema(), name);
            if (!schema.exists(qualified) && given.add(qualified)) {
                return name;
            }
        }
    }

    /** A name with something at its end, cut so that both fit. */
    static String end(String name, String end) {
        return cut(name, MOST_BYTES - end.length()) + end;
    }

    private static String part(String key) {
        Matcher column = COLUMN.matcher(key);
        return column.lookingAt() ? column.group(1).replace("\"\"", "\"").toLowerCase(Locale.ROOT) : "expr";
    }

    private static String cut(String text, int bytes) {
        String result = text;
        while (result.getBytes(StandardCharsets.UTF_8).length > bytes) {
            result = result.substring(0, result.offsetByCodePoints(result.length(), -1));
        }
        return result;
    }
}
