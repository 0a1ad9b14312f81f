package dev.hone.verify;

import dev.hone.Json;
import dev.hone.postgres.CacheFolder;
import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.jdbi.v3.core.JdbiException;
import tools.jackson.core.JacksonException;

/**
 * What verifications taught of one database, kept in a file of Hone's cache folder: {@code times/} and the cluster's system
 * identifier with a digest of the database's address: clusters copied from one another have the same identifier. Deleting the
 * file forgets it.
 *
 * @param database its name
 */
public record LearnedTimes(int format, String database, Instant learnedAt, OperatorModel model) {

    private static final int FORMAT = 1;

    /** The file of a database; empty if the server does not say which it is. */
    public static Optional<Path> file(Server server) {
        try {
            String[] found = server.handle()
                    .createQuery(
                            Sql.tag(
                                    "identifier",
                                    "SELECT system_identifier || ' ' || current_database() FROM pg_catalog.pg_control_system()"))
                    .mapTo(String.class)
                    .one()
                    .split(" ", 2);
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest((server.address().host() + ":" + server.address().port() + "/" + found[1])
                            .getBytes(StandardCharsets.UTF_8));
            return Optional.of(CacheFolder.path()
                    .resolve("times")
                    .resolve(found[0] + "-" + HexFormat.of().formatHex(Arrays.copyOf(digest, 6)) + ".json"));
        } catch (JdbiException | NoSuchAlgorithmException e) {
            return Optional.empty();
        }
    }

    /** What is known; empty if there is no such file, or it is not understood. */
    public static Optional<LearnedTimes> read(Path file) {
        try {
            LearnedTimes known = Json.read(Files.readString(file), LearnedTimes.class);
            return known.format() == FORMAT ? Optional.of(known) : Optional.empty();
        } catch (IOException | JacksonException | NullPointerException e) {
            return Optional.empty();
        }
    }

    /** Keeps what was learned, in the place of what was there. */
    public static void write(Path file, String database, OperatorModel model, Instant now) {
        try {
            Files.createDirectories(file.getParent());
            Path unfinished = Files.createTempFile(file.getParent(), "learned", ".json");
            Files.writeString(unfinished, Json.pretty(new LearnedTimes(FORMAT, database, now, model)));
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot keep " + file, e);
        }
    }
}
