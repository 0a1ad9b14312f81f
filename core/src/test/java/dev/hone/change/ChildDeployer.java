package dev.hone.change;

import dev.hone.Json;
import dev.hone.Progress;
import dev.hone.postgres.Secret;
import dev.hone.postgres.ServerAddress;
import java.util.List;
import java.util.Map;

/** A program of its own that deploys or undoes, to be killed. Its password comes by the environment. */
final class ChildDeployer {

    private ChildDeployer() {}

    public static void main(String[] arguments) {
        ServerAddress address = new ServerAddress(
                arguments[0],
                Integer.parseInt(arguments[1]),
                arguments[2],
                arguments[3],
                new Secret(System.getenv("PGPASSWORD")),
                Map.of());
        DeploymentResult result = switch (arguments[4]) {
            case "undo" -> Deployer.undo(address, null, Bench.OPTIONS, Progress.NONE);
            case "undo the first step" -> Deployer.undoStep(address, null, 1, Bench.OPTIONS, Progress.NONE);
            default ->
                Deployer.apply(address, List.of(Json.read(arguments[4], Change[].class)), Bench.OPTIONS, Progress.NONE);
        };
        System.out.println(result);
    }

    static Process start(ServerAddress address, String work) throws java.io.IOException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        ProcessBuilder builder = new ProcessBuilder(
                ProcessHandle.current().info().command().orElse("java"),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath,
                ChildDeployer.class.getName(),
                String.valueOf(address.host()),
                Integer.toString(address.port()),
                String.valueOf(address.database()),
                String.valueOf(address.user()),
                work);
        Secret password = address.password();
        builder.environment().put("PGPASSWORD", password == null ? "" : password.reveal());
        return builder.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
