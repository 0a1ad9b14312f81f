package dev.hone.cli;

import dev.hone.HoneException;
import dev.hone.upkeep.Derived;
import dev.hone.upkeep.DirtyQueue;
import dev.hone.upkeep.Firing;
import dev.hone.upkeep.TableShape;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "trigger",
        description =
                "Write triggers that keep a materialized view, or rows of your own, up to date with a table. Reads only.",
        mixinStandardHelpOptions = true)
final class TriggerCommand implements Callable<Integer> {

    private final Main main;

    @Mixin
    private Generated generated = new Generated();

    @Option(
            names = "--columns",
            required = true,
            split = ",",
            paramLabel = "COLUMN",
            description = "The columns whose change matters.")
    private List<String> columns = List.of();

    @Option(names = "--refresh", paramLabel = "VIEW", description = "The materialized view to refresh.")
    private @Nullable String view;

    @Option(
            names = "--run",
            paramLabel = "SQL",
            description = "Or the statement to run; it reads the keys of what changed from: dirty")
    private @Nullable String run;

    @Option(
            names = "--key",
            split = ",",
            paramLabel = "COLUMN",
            description = "The columns of dirty, for --run; the primary key if left out.")
    private List<String> key = List.of();

    @Option(
            names = "--name",
            description = "Beginning of the names of what it makes; the table's, or the view's, if left out.")
    private @Nullable String name;

    @Option(
            names = "--each",
            paramLabel = "statement|row",
            description = "What the trigger for updates fires for; statement if left out.")
    private Firing firing = Firing.STATEMENT;

    TriggerCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() {
        if ((view == null) == (run == null)) {
            throw HoneException.usage(
                    "Either --refresh or --run says what to keep up to date", "Nothing was changed. Give one of them.");
        }
        return generated.write(
                main,
                "hone trigger",
                "Keeps what is derived up to date, and only when something changed that matters.",
                server -> {
                    TableShape table = TableShape.read(server, generated.table());
                    Derived derived = run != null
                            ? new Derived.Batch(key.isEmpty() ? primaryKey(table) : key, run)
                            : Derived.View.read(server, String.valueOf(view));
                    String usual = derived instanceof Derived.View refreshed ? refreshed.name() : table.name();
                    return new DirtyQueue(
                                    name != null ? name : usual, table, columns, derived, generated.pace(), firing)
                            .changes();
                });
    }

    private static List<String> primaryKey(TableShape table) {
        if (table.primaryKey().isEmpty()) {
            throw HoneException.usage(
                    "Table " + table.name() + " has no primary key",
                    "Nothing was changed. Give it one, which triggers need.");
        }
        return table.primaryKey();
    }
}
