package dev.hone.advise;

import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which columns an UPDATE sets, read from its text, since its plan does not name them. */
final class UpdatedColumns {

    private static final Pattern TOKEN = Pattern.compile(
            "'(?:[^']|'')*+'|\"((?:[^\"]|\"\")*+)\"|--[^\\n]*+|/\\*(?s:.*?)\\*/|([\\p{L}_][\\p{L}\\p{N}_$]*+)|([(),=])");

    private UpdatedColumns() {}

    /** The names, folded as PostgreSQL does; empty if the text is not understood. */
    static Optional<Set<String>> of(String sql) {
        Set<String> names = new HashSet<>();
        Matcher token = TOKEN.matcher(sql);
        boolean inUpdate = false;
        boolean inSet = false;
        boolean atTarget = false;
        int depth = 0;
        while (token.find()) {
            String word = token.group(2);
            String name = token.group(1) != null
                    ? token.group(1).replace("\"\"", "\"")
                    : word == null ? null : word.toLowerCase(Locale.ROOT);
            String sign = token.group(3);
            if (!inSet) {
                inUpdate |= "update".equalsIgnoreCase(word);
                inSet = inUpdate && "set".equalsIgnoreCase(word);
                atTarget = inSet;
            } else if (sign != null) {
                switch (sign) {
                    case "(" -> depth++;
                    case ")" -> depth--;
                    case "=" -> atTarget &= depth > 0;
                    case "," -> atTarget |= depth == 0;
                    default -> {}
                }
            } else if (depth == 0
                    && word != null
                    && Set.of("where", "from", "returning").contains(word.toLowerCase(Locale.ROOT))) {
                break;
            } else if (atTarget && name != null) {
                names.add(name);
            }
        }
        return names.isEmpty() ? Optional.empty() : Optional.of(Set.copyOf(names));
    }
}
