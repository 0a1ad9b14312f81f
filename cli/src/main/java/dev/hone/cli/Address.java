package dev.hone.cli;

import dev.hone.postgres.AddressParser;
import dev.hone.postgres.ServerAddress;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Parameters;

/** The URL argument of a command that needs the server itself. */
final class Address {

    @Parameters(
            arity = "0..1",
            paramLabel = "URL",
            description = "Address of the database; the PG* environment if left out.")
    private @Nullable String url;

    ServerAddress in(Map<String, String> environment) {
        return AddressParser.of(environment).parse(url);
    }
}
