package dev.hone.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * SQL kept in resources beside the class that runs it, keyed by the lowest major version it is for: {@code
 * relations.sql} serves every version, {@code relations.16.sql} those from 16 on.
 */
public final class Sql {

    private static final Pattern FIRST_WORD = Pattern.compile("(?:\\s+|--[^\\n]*\\n)*+[A-Za-z]+(?=\\s)");

    private Sql() {}

    /**
     * The text for a server version, tagged with a comment that names Hone and the query, so that a DBA sees in
     * pg_stat_activity whose it is.
     *
     * @throws IllegalArgumentException if there is no such resource: a defect of Hone
     */
    public static String load(Class<?> beside, String name, ServerVersion version) {
        return tag(name, text(beside, name, version));
    }

    /**
     * The text for a server version as it stands, to be part of another statement.
     *
     * @throws IllegalArgumentException if there is no such resource: a defect of Hone
     */
    public static String text(Class<?> beside, String name, ServerVersion version) {
        for (int major = version.major(); major > ServerVersion.OLDEST_MAJOR; major--) {
            String text = read(beside, name + "." + major + ".sql");
            if (text != null) {
                return text;
            }
        }
        String text = read(beside, name + ".sql");
        if (text == null) {
            throw new IllegalArgumentException("no SQL resource " + name + " beside " + beside.getName());
        }
        return text;
    }

    /**
     * The statement with a comment after its first word that names Hone and the query. Not before it: version 18 keeps
     * no leading comment in pg_stat_statements.
     */
    public static String tag(String name, String sql) {
        String comment = "/* hone:" + name + " */ ";
        Matcher start = FIRST_WORD.matcher(sql);
        return start.lookingAt()
                ? sql.substring(0, start.end()) + " " + comment
                        + sql.substring(start.end()).stripLeading()
                : comment + sql;
    }

    /** An identifier, quoted so that it means exactly itself. */
    public static String identifier(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /** A schema-qualified name, both parts quoted. */
    public static String identifier(String schema, String name) {
        return identifier(schema) + "." + identifier(name);
    }

    /** A string literal that does not depend on {@code standard_conforming_strings}. */
    public static String literal(String value) {
        String quoted = "'" + value.replace("'", "''") + "'";
        return value.indexOf('\\') < 0 ? quoted : "E" + quoted.replace("\\", "\\\\");
    }

    /** A text of several lines as a dollar-quoted literal that nothing in it ends. */
    public static String quoted(String body) {
        String tag = "$hone$";
        for (int number = 1; body.contains(tag); number++) {
            tag = "$hone" + number + "$";
        }
        return tag + body + tag;
    }

    private static @Nullable String read(Class<?> beside, String file) {
        try (InputStream in = beside.getResourceAsStream(file)) {
            return in == null ? null : new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
