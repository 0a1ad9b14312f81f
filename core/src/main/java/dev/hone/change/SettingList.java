package dev.hone.change;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The parameters whose value is a list of names, which the server quotes one by one (GUC_LIST_QUOTE in its sources;
 * pg_dump knows them by the same list).
 */
final class SettingList {

    private static final Set<String> NAMES = Set.of(
            "local_preload_libraries",
            "search_path",
            "session_preload_libraries",
            "shared_preload_libraries",
            "temp_tablespaces",
            "unix_socket_directories");

    private SettingList() {}

    static boolean holds(String name) {
        return NAMES.contains(name.toLowerCase(Locale.ROOT));
    }

    /** The names of a list, without their quotes; none are lost, however odd. */
    static List<String> parse(String text) {
        List<String> names = new ArrayList<>();
        StringBuilder name = new StringBuilder();
        boolean quoted = false;
        boolean wasQuoted = false;
        for (int i = 0; i <= text.length(); i++) {
            char c = i == text.length() ? ',' : text.charAt(i);
            if (quoted && i < text.length()) {
                if (c != '"') {
                    name.append(c);
                } else if (i + 1 < text.length() && text.charAt(i + 1) == '"') {
                    name.append('"');
                    i++;
                } else {
                    quoted = false;
                }
            } else if (c == ',') {
                String plain = wasQuoted ? name.toString() : name.toString().strip();
                if (!plain.isEmpty() || wasQuoted) {
                    names.add(plain);
                }
                name.setLength(0);
                wasQuoted = false;
            } else if (c == '"') {
                name.setLength(0);
                quoted = true;
                wasQuoted = true;
            } else if (!wasQuoted) {
                name.append(c);
            }
        }
        return names;
    }

    /** Whether two values of a parameter are the same one, however they are written. */
    static boolean same(String name, String one, String other) {
        return holds(name) ? parse(one).equals(parse(other)) : one.equals(other);
    }
}
