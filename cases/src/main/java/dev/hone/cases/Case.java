package dev.hone.cases;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.measure.Target;
import dev.hone.postgres.ServerAddress;
import dev.hone.workload.Script;
import java.util.List;
import java.util.Map;

/**
 * A slow application: its schema, its data, what its users do, and how fast it must become. It knows nothing about the
 * cure. Implementations are immutable and safe for concurrent use.
 */
public interface Case {

    /** Its name on the command line: lower case, no spaces. */
    String name();

    /** Who suffers from what, in one sentence. */
    String story();

    /** Settings of the server it runs on, by name: those of a small production machine. */
    Map<String, String> serverSettings();

    /**
     * Creates the schema in an empty database, fills it and brings the statistics up to date. The same scale gives the
     * same rows every time.
     *
     * @param scale size of the data, relative to the case's own; positive
     * @param progress told of every table as it fills
     * @throws HoneException of kind {@code USAGE} if the scale is not a positive number, {@code REFUSED} if the database
     *     has tables already, {@code UNREACHABLE} if there is no server, {@code FAILED} if anything else goes wrong
     */
    void create(ServerAddress address, double scale, Progress progress);

    /** What its users do: the statements as the application sends them. */
    Script script();

    /** What must hold when Hone is done. */
    List<Target> targets();
}
