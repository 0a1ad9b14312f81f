package dev.hone.workload;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A file of SQL statements with weights: what {@code hone bench} runs, and what {@code hone advise --workload} reads.
 *
 * <pre>
 * -- request: bets of a user
 * -- weight: 40
 * -- sample user_id: SELECT user_id FROM bets TABLESAMPLE SYSTEM (1)
 * SELECT * FROM bets WHERE user_id = :user_id AND status = 'open';
 * SELECT count(*) FROM bets WHERE user_id = :user_id;
 * </pre>
 *
 * The {@code -- request:} line begins what one client asks for in one go, its statements run in their order; it ends at
 * the next such line. Statements before the first request line are requests of their own; weight and sample lines above
 * one are its own, and without a weight it weighs 1.
 *
 * <p>{@code :name} outside quotes and comments is a parameter. The {@code sample} query that names it runs once before
 * the load and gives its values, as skewed as it returns them; the parameters of one sample take the columns of one row
 * together, and the statements of one request share the row. A sample goes on in comment lines that are indented by three
 * spaces or more. See docs/workload.md.
 *
 * @param name where it was read from, for people
 */
public record Script(String name, List<Request> requests) {

    public Script {
        requests = List.copyOf(requests);
        if (requests.isEmpty()) {
            throw new IllegalArgumentException("a script without a statement: " + name);
        }
    }

    /** How many sampled calls {@link #workload} keeps of a statement. */
    private static final int SAMPLED_CALLS = 20;

    /** How many requests a {@link #workload} stands for. */
    private static final double REQUESTS = 1000;

    /**
     * What the script asks of a database when 1,000 requests come by their weights, heaviest first. Queries are named by
     * their request, and by their place in it where it has several: {@code bets of a user #2}. Statements that the
     * planner has no part in, such as BEGIN, are left out.
     *
     * @param values rows of the script's samples, of which up to 20 a statement are kept, spread over all
     */
    public Workload workload(SampleValues values) {
        double weights = requests.stream().mapToDouble(Request::weight).sum();
        List<Workload.Query> queries = new ArrayList<>();
        for (Request request : requests) {
            for (int i = 0; i < request.statements().size(); i++) {
                Statement statement = request.statements().get(i);
                if (statement.isPlanned()) {
                    queries.add(new Workload.Query(
                            request.statements().size() == 1 ? request.name() : request.name() + " #" + (i + 1),
                            statement.sql(),
                            request.weight() / weights * REQUESTS,
                            null,
                            null,
                            sampledCalls(request, statement, values)));
                }
            }
        }
        queries.sort(Comparator.comparingDouble(Workload.Query::calls).reversed());
        return new Workload(name, queries);
    }

    private static List<List<@Nullable String>> sampledCalls(
            Request request, Statement statement, SampleValues values) {
        if (statement.parameters().isEmpty()) {
            return List.of();
        }
        List<List<@Nullable String>> calls = new ArrayList<>();
        for (int call = 0; call < SAMPLED_CALLS; call++) {
            Map<String, @Nullable String> valueOf = new HashMap<>();
            for (Sample sample : request.samples()) {
                List<List<@Nullable String>> rows = values.rows(sample);
                if (rows.isEmpty()) {
                    continue;
                }
                int row = rows.size() <= SAMPLED_CALLS
                        ? call % rows.size()
                        : (int) ((long) call * rows.size() / SAMPLED_CALLS);
                for (int i = 0; i < sample.parameters().size(); i++) {
                    valueOf.put(sample.parameters().get(i), rows.get(row).get(i));
                }
            }
            if (!valueOf.keySet().containsAll(statement.parameters())) {
                return List.of();
            }
            List<@Nullable String> one = new ArrayList<>();
            statement.parameters().forEach(parameter -> one.add(valueOf.get(parameter)));
            List<@Nullable String> fixed = Collections.unmodifiableList(one);
            if (!calls.contains(fixed)) {
                calls.add(fixed);
            }
        }
        return calls;
    }

    /**
     * What one client asks for in one go.
     *
     * @param weight how often it comes, relative to the others; positive
     */
    public record Request(String name, double weight, List<Sample> samples, List<Statement> statements) {

        public Request {
            samples = List.copyOf(samples);
            statements = List.copyOf(statements);
            if (!(weight > 0)) {
                throw new IllegalArgumentException("weight of request " + name + " must be positive: " + weight);
            }
        }
    }

    /**
     * Where the values of some parameters come from.
     *
     * @param parameters names, in the order of the query's columns
     */
    public record Sample(List<String> parameters, String query) {

        public Sample {
            parameters = List.copyOf(parameters);
        }
    }

    /**
     * One statement.
     *
     * @param sql with {@code $1}, {@code $2} … in place of the named parameters
     * @param parameters the name of each, in order; the same name may stand more than once
     */
    public record Statement(String sql, List<String> parameters) {

        public Statement {
            parameters = List.copyOf(parameters);
        }

        /**
         * The statement as JDBC has it: {@code ?} for every parameter, in order, and {@code ??} for an operator's
         * question mark.
         */
        public String jdbc() {
            StringBuilder result = new StringBuilder(sql.length() + 8);
            for (SqlText.Piece piece : SqlText.pieces(sql)) {
                String part = sql.substring(piece.start(), piece.end());
                result.append(
                        piece.kind() == SqlText.Kind.CODE
                                ? PARAMETER.matcher(part.replace("?", "??")).replaceAll("?")
                                : part);
            }
            return result.toString();
        }

        /** True if the planner has a part in it: a query, or an insert, update, delete or merge. */
        public boolean isPlanned() {
            return SqlText.isPlanned(sql);
        }

        private static final Pattern PARAMETER = Pattern.compile("(?<![\\p{L}\\p{N}_$])\\$\\d+");
    }
}
