package dev.hone.benchmarks;

import dev.hone.change.Change;
import dev.hone.monitoring.MonitoringSchema;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.upkeep.Leaderboard;
import dev.hone.upkeep.Pace;
import dev.hone.upkeep.TableShape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jdbi.v3.core.Handle;

/**
 * The rank of a user among millions: {@code count(*)} of those with a higher score, on the index, beside {@code hone
 * leaderboard}, both seen by the client, for the same users, turn by turn.
 *
 * <p>Arguments: users (default 3,000,000), rounds of two turns each (default 5), and ranks per turn (default 20).
 */
public final class Ranks {

    private enum Contender {
        COUNT("SELECT 1 + count(*) FROM users WHERE score > :score"),
        BUCKETS("SELECT users_score_rank(:score)");

        private final String query;

        Contender(String query) {
            this.query = query;
        }
    }

    private Ranks() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        int users = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 3_000_000;
        int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 5;
        int ranks = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 20;
        try (LocalServer local = LocalServer.start(
                        Installation.embedded(), Map.of("shared_buffers", "1GB", "autovacuum", "off"));
                Server server = Server.connect(local.address("postgres"))) {
            Handle handle = server.handle();
            MonitoringSchema.install(local.address("postgres"), null);
            handle.execute("SELECT setseed(0.5)");
            handle.execute("CREATE TABLE users (id bigint PRIMARY KEY, name text, score integer)");
            // Many have little, few have much; a tenth have nothing.
            handle.execute(
                    "INSERT INTO users SELECT g, 'user ' || g, CASE WHEN g % 10 = 0 THEN 0 ELSE (1e6 * random() ^ 3)::int END"
                            + " FROM generate_series(1, " + users + ") g");
            handle.execute("CREATE INDEX ON users (score)");
            handle.execute("VACUUM ANALYZE users");
            long start = System.nanoTime();
            for (Change change : new Leaderboard(
                            "users_score",
                            TableShape.read(server, "users"),
                            "score",
                            null,
                            Leaderboard.DEFAULT_BUCKETS,
                            Pace.DEFAULT)
                    .changes()) {
                change.sql().forEach(handle::execute);
            }
            System.out.printf(Locale.ROOT, "%,d users; made in %.1f s%n", users, (System.nanoTime() - start) / 1e9);
            System.out.println("| | count(*) | hone leaderboard | times faster |");
            System.out.println("|---|---|---|---|");
            compare("all folded in", handle, users, rounds, ranks);
            handle.execute("UPDATE users SET score = score + 1 WHERE id % " + users / 10_000 + " = 0");
            compare("20,000 moves not folded in yet", handle, users, rounds, ranks);
        }
    }

    private record Turn(double millis, List<Long> answers) {}

    private static void compare(String title, Handle handle, int users, int rounds, int ranks)
            throws IOException, InterruptedException {
        Random random = new Random(7);
        List<Integer> scores = new ArrayList<>();
        for (int i = 0; i < ranks; i++) {
            scores.add(handle.createQuery("SELECT score FROM users WHERE id = :id")
                    .bind("id", 1 + random.nextInt(users))
                    .mapTo(Integer.class)
                    .findOne()
                    .orElse(i));
        }
        for (Contender contender : Contender.values()) {
            turn(handle, contender, scores);
        }
        Map<Contender, List<Turn>> turns =
                Turns.run(List.of(Contender.values()), rounds, contender -> turn(handle, contender, scores));
        List<Turn> count = Objects.requireNonNull(turns.get(Contender.COUNT));
        List<Turn> buckets = Objects.requireNonNull(turns.get(Contender.BUCKETS));
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < count.size(); i++) {
            if (!count.get(i).answers().equals(buckets.get(i).answers())) {
                throw new IllegalStateException("the ranks differ: " + count.get(i) + ", " + buckets.get(i));
            }
            ratios.add(count.get(i).millis() / buckets.get(i).millis());
        }
        System.out.printf(
                "| %s | %s ms | %s ms | %s |%n",
                title,
                Spread.of(count, Turn::millis).text("%.1f"),
                Spread.of(buckets, Turn::millis).text("%.2f"),
                Spread.of(ratios, ratio -> ratio).text("%.0f"));
    }

    /** The mean time of a rank. */
    private static Turn turn(Handle handle, Contender contender, List<Integer> scores) {
        List<Long> answers = new ArrayList<>();
        long start = System.nanoTime();
        for (int score : scores) {
            answers.add(handle.createQuery(contender.query)
                    .bind("score", score)
                    .mapTo(Long.class)
                    .one());
        }
        return new Turn((System.nanoTime() - start) / 1e6 / scores.size(), answers);
    }
}
