package dev.hone.cli;

import dev.hone.HoneException;
import dev.hone.advise.Proposal;
import dev.hone.advise.ProposalFolder;
import dev.hone.postgres.AddressParser;
import dev.hone.postgres.ServerAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Parameters;

/**
 * The arguments of a command that looks into a database's journal: its address or a proposal's folder, and a
 * deployment's id, in any order. Without an address the PG* environment says where, and without that the proposal in the
 * folder {@code proposal} here.
 */
final class Journaled {

    private static final Path USUAL_FOLDER = Path.of("proposal");
    private static final String PROPOSAL_FILE = "proposal.json";

    @Parameters(
            arity = "0..2",
            paramLabel = "DEPLOYMENT|URL|PROPOSAL",
            description =
                    "A deployment's id, and the database's address or the proposal's folder; the PG* environment or"
                            + " the folder 'proposal' here if left out.")
    private List<String> arguments = List.of();

    /** The deployment's id; null if none was given. */
    @Nullable String deployment() {
        List<String> ids = arguments.stream()
                .filter(argument -> !AddressParser.isAddress(argument) && !isProposal(argument))
                .toList();
        if (ids.size() > 1) {
            throw HoneException.usage(
                    "Neither an address nor a proposal: " + String.join(", ", ids),
                    "Nothing was changed. Give one deployment's id (`hone status` lists them), and an address.");
        }
        return ids.isEmpty() ? null : ids.getFirst();
    }

    ServerAddress address(Map<String, String> environment) {
        AddressParser parser = AddressParser.of(environment);
        for (String argument : arguments) {
            if (AddressParser.isAddress(argument)) {
                return parser.parse(argument);
            }
            if (isProposal(argument)) {
                return parser.parseFound(ProposalFolder.read(Path.of(argument)).address());
            }
        }
        boolean told = environment.containsKey("PGHOST")
                || environment.containsKey("PGDATABASE")
                || environment.containsKey("PGSERVICE");
        if (!told && isProposal(USUAL_FOLDER.toString())) {
            Proposal proposal = ProposalFolder.read(USUAL_FOLDER);
            return parser.parseFound(proposal.address());
        }
        return parser.parse(null);
    }

    private static boolean isProposal(String argument) {
        return Files.exists(Path.of(argument).resolve(PROPOSAL_FILE));
    }
}
