package dev.hone.cli;

import dev.hone.upkeep.Leaderboard;
import dev.hone.upkeep.TableShape;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "leaderboard",
        description = "Write functions that tell a score's rank among millions without counting them. Reads only.",
        mixinStandardHelpOptions = true)
final class LeaderboardCommand implements Callable<Integer> {

    private final Main main;

    @Mixin
    private Generated generated = new Generated();

    @Option(
            names = "--score",
            required = true,
            paramLabel = "COLUMN",
            description = "The column to rank by, the highest first.")
    private String score = "";

    @Option(
            names = "--where",
            paramLabel = "SQL",
            description = "The condition of the rows to rank; all of them if left out.")
    private @Nullable String where;

    @Option(
            names = "--buckets",
            paramLabel = "N",
            description = "Into how many ranges to part the scores; ${DEFAULT-VALUE} if left out.")
    private int buckets = Leaderboard.DEFAULT_BUCKETS;

    @Option(names = "--name", description = "Beginning of the names of what it makes; TABLE_COLUMN if left out.")
    private @Nullable String name;

    LeaderboardCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        return generated.write(
                main, "hone leaderboard", "Ranks by counts of ranges instead of counting rows.", server -> {
                    TableShape table = TableShape.read(server, generated.table());
                    return new Leaderboard(
                                    name != null ? name : table.name() + "_" + score,
                                    table,
                                    score,
                                    where,
                                    buckets,
                                    generated.pace())
                            .changes();
                });
    }
}
