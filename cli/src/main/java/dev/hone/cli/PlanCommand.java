package dev.hone.cli;

import dev.hone.HoneException;
import dev.hone.Json;
import dev.hone.Progress;
import dev.hone.cli.Terminal.Style;
import dev.hone.postgres.AddressParser;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import dev.hone.twin.Assumption;
import dev.hone.twin.HypotheticalIndex;
import dev.hone.twin.KeyCounter;
import dev.hone.twin.Omission;
import dev.hone.twin.Plan;
import dev.hone.twin.PlanException;
import dev.hone.twin.Twin;
import dev.hone.twin.WhatIf;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "plan",
        description = "Show how the planner would run a statement, and what an index, a setting, statistics or"
                + " partitions would change, on a twin of the database's planner. Runs nothing, changes nothing.",
        mixinStandardHelpOptions = true)
final class PlanCommand implements Callable<Integer> {

    private static final SnapshotReader READER = new SnapshotReader(
            EnumSet.of(SnapshotReader.Part.CATALOG, SnapshotReader.Part.STATISTICS), List.of(), Duration.ofSeconds(60));
    private static final String UNCHANGED =
            "Nothing was changed: the statement was to be planned on the twin only, and is never run.";

    private final Main main;

    @Parameters(
            arity = "0..2",
            paramLabel = "[URL] SQL",
            description = "Address of the database, or a snapshot's file; the PG* environment if left out. Then the"
                    + " statement, or - to read it from standard input.")
    private List<String> arguments = List.of();

    @Option(names = "--file", paramLabel = "FILE", description = "Read the statement from a file.")
    private @Nullable Path file;

    @Option(
            names = "--with",
            paramLabel = "SQL",
            description = "Pretend this: CREATE INDEX, DROP INDEX, CREATE STATISTICS, SET, ALTER TABLE … SET"
                    + " (n_distinct = …), or PARTITION TABLE t BY RANGE (c) EVERY '1 month', BY HASH (c) INTO 8. May be"
                    + " given several times.")
    private List<String> with = List.of();

    @Option(
            names = "--without",
            paramLabel = "INDEX",
            description = "Pretend that this index is gone. May be given several times.")
    private List<String> without = List.of();

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description = "Pretend another planner setting, such as work_mem=64MB. May be given several times.")
    private List<String> settings = List.of();

    @Option(
            names = "--params",
            paramLabel = "VALUES",
            description = "Values of $1, $2 …, separated by commas (a comma within one is \\,; NULL is null). Without"
                    + " them the plan is one for any values.")
    private @Nullable String parameters;

    @Option(
            names = "--role",
            paramLabel = "ROLE",
            description =
                    "Plan with the settings that ALTER ROLE and ALTER DATABASE give this role, as the application's;"
                            + " those of the role that connects if left out.")
    private @Nullable String role;

    @Option(names = "--format", description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} if left out.")
    private Format format = Format.TEXT;

    PlanCommand(Main main) {
        this.main = main;
    }

    @Override
    public Integer call() throws IOException {
        Terminal terminal = main.terminal();
        Progress progress = new TerminalProgress(terminal);
        String url = url();
        String statement = statement();
        Source source = Source.of(url);
        PlanDocument document;
        // The source stays at hand: keys of inverted indexes are counted there.
        try (Server server = source.isFile() ? null : Server.connect(source.address(main.environment()))) {
            Snapshot snapshot = server == null ? source.file() : READER.read(server, progress);
            try (Twin twin = Twin.build(role == null ? snapshot : snapshot.asRole(role), progress)) {
                if (server != null) {
                    twin.countKeys(new KeyCounter(server));
                }
                document = plan(twin, statement);
            }
        }
        switch (format) {
            case TEXT -> print(terminal, document);
            case JSON -> terminal.out().print(Json.pretty(document));
        }
        return 0;
    }

    /** The first of two arguments; one alone is the URL only where the statement is in a file. */
    private @Nullable String url() {
        boolean both = arguments.size() == 2;
        return both || (file != null && arguments.size() == 1) ? arguments.getFirst() : null;
    }

    private String statement() throws IOException {
        if (file != null && arguments.size() < 2) {
            if (!Files.isReadable(file)) {
                throw HoneException.usage("Cannot read " + file, "Nothing was changed.");
            }
            return Files.readString(file);
        }
        String last = arguments.isEmpty() ? "" : arguments.getLast();
        if (file != null || last.isBlank() || (arguments.size() == 1 && isUrl(last))) {
            throw HoneException.usage(
                    file != null ? "A statement and a file with one" : "Which statement?",
                    "Nothing was changed. hone plan URL \"SELECT …\"; or - for standard input; or --file FILE.");
        }
        return last.equals("-") ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8) : last;
    }

    private static boolean isUrl(String argument) {
        return AddressParser.isAddress(argument) || new File(argument).isFile();
    }

    private List<@Nullable String> values() {
        if (parameters == null) {
            return List.of();
        }
        List<@Nullable String> values = new ArrayList<>();
        for (String value : parameters.split("(?<!\\\\),", -1)) {
            values.add(value.equals("NULL") ? null : value.replace("\\,", ","));
        }
        return values;
    }

    private PlanDocument plan(Twin twin, String statement) {
        List<Assumption> assumed = new ArrayList<>();
        try {
            twin.requireOneStatement(statement);
            Plan before = explain(twin, statement);
            for (WhatIf whatIf : whatIfs(twin)) {
                assumed.add(twin.assume(whatIf));
            }
            Plan after = assumed.isEmpty() ? null : explain(twin, statement);
            return new PlanDocument(
                    statement,
                    values(),
                    before,
                    after,
                    after == null ? null : after.totalCost() / Math.max(1e-9, before.totalCost()),
                    assumed.stream()
                            .map(one -> pretended(twin, one, before, after))
                            .toList(),
                    twin.omissions().stream()
                            .filter(omission -> omission.relations().isEmpty()
                                    || omission.touches(before)
                                    || (after != null && omission.touches(after)))
                            .toList());
        } catch (PlanException e) {
            throw refusal(statement, e, twin.omissions());
        } finally {
            assumed.reversed().forEach(Assumption::close);
        }
    }

    private Plan explain(Twin twin, String statement) {
        List<@Nullable String> values = values();
        return values.isEmpty() ? twin.explain(statement) : twin.explain(statement, values);
    }

    private List<WhatIf> whatIfs(Twin twin) {
        List<WhatIf> whatIfs = new ArrayList<>();
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            if (equals < 1) {
                throw HoneException.usage(
                        "Not understood: --set " + setting, "Nothing was changed. Write --set work_mem=64MB.");
            }
            whatIfs.add(new WhatIf.Setting(
                    setting.substring(0, equals).strip(),
                    setting.substring(equals + 1).strip()));
        }
        for (String index : without) {
            whatIfs.add(twin.existingIndex(index));
        }
        for (String sql : with) {
            whatIfs.addAll(twin.parse(sql));
        }
        return whatIfs;
    }

    private static PlanDocument.Pretended pretended(
            Twin twin, Assumption assumption, Plan before, @Nullable Plan after) {
        HypotheticalIndex index = assumption.index().orElse(null);
        Boolean used = null;
        if (index != null && after != null) {
            used = twin.uses(after, index);
        } else if (assumption.whatIf() instanceof WhatIf.NoIndex gone) {
            used = before.nodes().anyMatch(node -> gone.index().equals(node.index()));
        }
        return new PlanDocument.Pretended(
                assumption.whatIf().title(), used, index == null ? null : index.sizeBytes(), assumption.notes());
    }

    /** PostgreSQL's words, and where in the statement they point to. */
    private static HoneException refusal(String statement, PlanException e, List<Omission> omissions) {
        StringBuilder message = new StringBuilder("Cannot plan the statement: ").append(e.reason());
        if (e.position() > 0) {
            int at = e.position() - 1;
            int start = statement.lastIndexOf('\n', Math.max(0, at - 1)) + 1;
            int end = statement.indexOf('\n', at);
            String line = statement.substring(start, end < 0 ? statement.length() : end);
            int from = Math.max(0, at - start - 50);
            String shown =
                    line.substring(from, Math.min(line.length(), from + 100)).replace('\t', ' ');
            message.append("\n  ")
                    .append(shown)
                    .append("\n  ")
                    .append(" ".repeat(Math.max(0, Math.min(shown.length(), at - start - from))))
                    .append("^");
        }
        String missing = omissions.isEmpty()
                ? ""
                : " The twin does without "
                        + Words.count(omissions.size(), "object", "objects") + " of the database, such as "
                        + omissions.getFirst().object() + ".";
        return new HoneException(HoneException.Kind.USAGE, message.toString(), UNCHANGED + missing, e);
    }

    private static void print(Terminal terminal, PlanDocument document) {
        new PlanText(terminal).print(document.before(), document.after());
        terminal.println("");
        Plan after = document.after();
        terminal.println(terminal.styled(
                Style.BOLD,
                after == null
                        ? "cost " + PlanText.number(document.before().totalCost())
                        : PlanText.total(document.before().totalCost(), after.totalCost())));
        for (PlanDocument.Pretended one : document.whatIfs()) {
            boolean idle = Boolean.FALSE.equals(one.used());
            String prefix = idle ? terminal.styled(Style.DIM, "  – ") : terminal.styled(Style.GREEN, "  ✔ ");
            terminal.println(Paragraph.wrap(prefix, one.title() + use(one), terminal.columns()));
            one.notes().forEach(note -> note(terminal, note));
        }
        document.omissions().stream()
                .limit(5)
                .forEach(omission -> note(
                        terminal,
                        "The twin does without " + omission.object() + " (" + omission.reason()
                                + "): plans that hang on it may differ."));
        if (document.omissions().size() > 5) {
            note(terminal, "… and without " + (document.omissions().size() - 5) + " more; --format json lists all.");
        }
        terminal.println(terminal.styled(
                Style.DIM,
                Paragraph.wrap(
                        "",
                        "Cost is the planner's estimate, not time. Nothing was run, and nothing was changed.",
                        terminal.columns())));
    }

    private static String use(PlanDocument.Pretended one) {
        Long size = one.sizeBytes();
        if (size != null) {
            return (Boolean.TRUE.equals(one.used()) ? ": used" : ": not used") + ", about " + Words.bytes(size);
        }
        return one.used() == null ? "" : one.used() ? ": the plan used it" : ": the plan did not use it";
    }

    private static void note(Terminal terminal, String note) {
        terminal.println(Paragraph.wrap("  " + terminal.styled(Style.YELLOW, "▲ "), note, terminal.columns()));
    }
}
