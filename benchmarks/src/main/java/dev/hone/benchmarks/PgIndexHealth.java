package dev.hone.benchmarks;

import io.github.mfvanek.pg.connection.PgConnection;
import io.github.mfvanek.pg.connection.PgConnectionImpl;
import io.github.mfvanek.pg.connection.host.PgHostImpl;
import io.github.mfvanek.pg.core.checks.common.DatabaseCheckOnHost;
import io.github.mfvanek.pg.core.checks.host.StandardChecksOnHost;
import io.github.mfvanek.pg.model.dbobject.DbObject;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Runs the standard checks of pg-index-health on the database of the PG* environment, and prints a line for each check
 * (time, findings, name) and one for each finding. With an argument, leaves out the checks whose name contains it.
 */
public final class PgIndexHealth {

    private PgIndexHealth() {}

    public static void main(String[] arguments) {
        Map<String, String> environment = System.getenv();
        String url = "jdbc:postgresql://" + environment.get("PGHOST") + ":" + environment.get("PGPORT") + "/"
                + environment.get("PGDATABASE");
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(url);
        source.setUser(environment.get("PGUSER"));
        source.setPassword(Objects.requireNonNull(environment.get("PGPASSWORD")));
        PgConnection connection = PgConnectionImpl.of(source, PgHostImpl.ofUrl(url));
        StringBuilder report = new StringBuilder();
        for (DatabaseCheckOnHost<? extends DbObject> check : new StandardChecksOnHost().apply(connection)) {
            if (arguments.length > 0 && check.getName().contains(arguments[0])) {
                continue;
            }
            long start = System.nanoTime();
            List<? extends DbObject> found = check.check();
            report.append("check\t")
                    .append((System.nanoTime() - start) / 1_000_000)
                    .append(" ms\t")
                    .append(found.size())
                    .append('\t')
                    .append(check.getName())
                    .append('\n');
            found.forEach(one ->
                    report.append(check.getName()).append('\t').append(one).append('\n'));
        }
        System.out.print(report);
    }
}
