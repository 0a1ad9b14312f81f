package dev.hone.cli;

import dev.hone.postgres.ServerAddress;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** What one command line printed, and its exit code. */
record CommandLineRun(int exitCode, String out, String err) {

    /** Runs a command line as a program would see it: no colour, no bars. */
    static CommandLineRun of(Map<String, String> environment, String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Terminal terminal = new Terminal(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                false,
                120);
        int exitCode = Main.run(terminal, environment, arguments);
        return new CommandLineRun(exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** The environment that leads to a database, its password in it. */
    static Map<String, String> environment(ServerAddress address) {
        Map<String, String> environment = new HashMap<>();
        environment.put("PGHOST", address.host());
        environment.put("PGPORT", Integer.toString(address.port()));
        environment.put("PGDATABASE", address.database());
        environment.put("PGUSER", address.user());
        environment.put("PGPASSWORD", address.password().reveal());
        return environment;
    }
}
