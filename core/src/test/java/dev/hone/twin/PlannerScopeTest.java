package dev.hone.twin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Json;
import dev.hone.Progress;
import dev.hone.postgres.PlannerScope;
import dev.hone.postgres.Secret;
import dev.hone.postgres.Server;
import dev.hone.postgres.Snapshot;
import dev.hone.postgres.SnapshotReader;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Settings of roles and databases, costs of tablespaces, and tables with policies. */
class PlannerScopeTest {

    private static final String SQL = "SELECT * FROM public.orders WHERE customer_id < 3000 ORDER BY note";

    private static Source source;
    private static Snapshot snapshot;

    @BeforeAll
    static void start() {
        source = Source.start();
        for (String statement : List.of(
                "CREATE ROLE \"The \"\"App\"\"\" LOGIN PASSWORD 'x'",
                "GRANT SELECT ON ALL TABLES IN SCHEMA public TO \"The \"\"App\"\"\"",
                "CREATE ROLE other",
                "ALTER ROLE \"The \"\"App\"\"\" SET work_mem = '64kB'",
                "ALTER ROLE \"The \"\"App\"\"\" IN DATABASE postgres SET work_mem = '128MB'",
                "ALTER ROLE \"The \"\"App\"\"\" SET my.secret = 'hunter2'",
                "ALTER ROLE \"The \"\"App\"\"\" SET statement_timeout = '7s'",
                "ALTER DATABASE postgres SET cpu_tuple_cost = 0.02",
                "ALTER ROLE postgres SET cpu_operator_cost = 0.01",
                "ALTER TABLESPACE pg_default SET (seq_page_cost = 2.5)",
                "ALTER TABLE public.product ENABLE ROW LEVEL SECURITY")) {
            source.execute(statement);
        }
        try (Server server = Server.connect(source.local().address("postgres"))) {
            snapshot = SnapshotReader.whole(List.of()).read(server, Progress.NONE);
        }
    }

    @AfterAll
    static void stop() {
        source.close();
    }

    @Test
    void only_settings_of_the_planner_are_read() {
        assertThat(snapshot.planner().roleSettings())
                .extracting(PlannerScope.RoleSetting::name)
                .containsExactlyInAnyOrder("work_mem", "work_mem", "cpu_tuple_cost", "cpu_operator_cost");
        assertThat(Json.pretty(snapshot)).doesNotContain("hunter2");
        assertThat(snapshot.planner().hasOwn("The \"App\"")).isTrue();
        assertThat(snapshot.planner().hasOwn("other")).isFalse();
    }

    @Test
    void a_twin_plans_as_the_role_and_in_the_tablespace_of_the_source() throws Exception {
        try (Twin twin = Twin.build(snapshot.asRole("The \"App\""), Progress.NONE);
                Connection connection = Server.open(
                        source.local().address("postgres").withUser("The \"App\"", new Secret("x")), "test");
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("EXPLAIN (VERBOSE, FORMAT JSON) " + SQL)) {
            result.next();
            assertThat(twin.explain(SQL).totalCost())
                    .isEqualTo(Plan.parse(result.getString(1)).totalCost());
            assertThat(twin.omissions()).singleElement().satisfies(omission -> {
                assertThat(omission.object()).isEqualTo("row security of \"public\".\"product\"");
                assertThat(omission.touches(twin.explain("SELECT * FROM public.product")))
                        .isTrue();
                assertThat(omission.touches(twin.explain(SQL))).isFalse();
            });
        }
    }

    @Test
    void without_a_role_it_plans_as_the_one_that_connected() {
        try (Twin twin = Twin.build(snapshot, Progress.NONE);
                Server server = Server.connect(source.local().address("postgres"))) {
            String real = server.handle()
                    .createQuery("EXPLAIN (VERBOSE, FORMAT JSON) " + SQL)
                    .mapTo(String.class)
                    .one();
            assertThat(twin.explain(SQL).totalCost()).isEqualTo(Plan.parse(real).totalCost());
        }
    }
}
