package dev.hone.twin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Progress;
import dev.hone.workload.Workload;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A source with a base type of its own, its functions in no language that can be rebuilt: as PostGIS would have it. */
class MissingTypesTest {

    private static final List<String> STATEMENTS = List.of(
            "CREATE SCHEMA \"Geo \"\"x\"\"\"",
            "CREATE TYPE \"Geo \"\"x\"\"\".geometry",
            "CREATE FUNCTION \"Geo \"\"x\"\"\".geometry_in(cstring, oid, int) RETURNS \"Geo \"\"x\"\"\".geometry LANGUAGE internal"
                    + " IMMUTABLE STRICT AS 'varcharin'",
            "CREATE FUNCTION \"Geo \"\"x\"\"\".geometry_out(\"Geo \"\"x\"\"\".geometry) RETURNS cstring LANGUAGE internal"
                    + " IMMUTABLE STRICT AS 'varcharout'",
            "CREATE TYPE \"Geo \"\"x\"\"\".geometry (INPUT = \"Geo \"\"x\"\"\".geometry_in, OUTPUT = \"Geo"
                    + " \"\"x\"\"\".geometry_out, TYPMOD_IN = varchartypmodin, TYPMOD_OUT = varchartypmodout)",
            "CREATE FUNCTION \"Geo \"\"x\"\"\".area(\"Geo \"\"x\"\"\".geometry) RETURNS int LANGUAGE internal IMMUTABLE"
                    + " STRICT AS 'textlen'",
            "CREATE FUNCTION \"Geo \"\"x\"\"\".same(\"Geo \"\"x\"\"\".geometry, \"Geo \"\"x\"\"\".geometry) RETURNS boolean LANGUAGE"
                    + " internal IMMUTABLE STRICT AS 'texteq'",
            "CREATE OPERATOR \"Geo \"\"x\"\"\".~= (FUNCTION = \"Geo \"\"x\"\"\".same, LEFTARG = \"Geo \"\"x\"\"\".geometry, RIGHTARG"
                    + " = \"Geo \"\"x\"\"\".geometry)",
            "CREATE TABLE public.place (id int PRIMARY KEY, name text NOT NULL, spot \"Geo \"\"x\"\"\".geometry(60), spots \"Geo"
                    + " \"\"x\"\"\".geometry[], size int GENERATED ALWAYS AS (\"Geo \"\"x\"\"\".area(spot)) STORED, city int)",
            "INSERT INTO public.place (id, name, spot, spots, city) SELECT i, 'place ' || i, ('POINT(' || i || ' ' ||"
                    + " i * 7 || ')')::\"Geo \"\"x\"\"\".geometry, ARRAY['a', 'b']::\"Geo \"\"x\"\"\".geometry[], i % 50"
                    + " FROM generate_series(1, 20000) i",
            "CREATE INDEX place_size ON public.place ((\"Geo \"\"x\"\"\".area(spot)))",
            "CREATE INDEX place_city ON public.place (city)",
            "CREATE FUNCTION public.described(\"Geo \"\"x\"\"\".geometry) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT"
                    + " ''here''::text'",
            "CREATE VIEW public.places AS SELECT id, name, spot, public.described(spot) AS described FROM public.place WHERE city < 5",
            "VACUUM ANALYZE public.place");

    private static Source source;
    private static Twin twin;

    @BeforeAll
    static void build() {
        source = Source.start();
        STATEMENTS.forEach(source::execute);
        twin = Twin.build(source.snapshot(), Progress.NONE);
    }

    @AfterAll
    static void stop() {
        twin.close();
        source.close();
    }

    @Test
    void a_type_that_is_missing_keeps_nothing_else_from_being_planned_as_on_the_source() {
        for (String sql : List.of(
                "SELECT * FROM public.place WHERE city = 7",
                "SELECT id, spot, spots FROM public.place WHERE spot IS NOT NULL AND id < 100",
                "SELECT name, size FROM public.place WHERE size > 15 ORDER BY name",
                "SELECT * FROM public.places WHERE id = 5",
                "SELECT p.* FROM public.place p JOIN public.orders o ON o.id = p.id WHERE p.city = 3")) {
            Plan real = source.explain(sql);
            Plan pretended = twin.explain(sql);
            assertThat(pretended.totalCost()).as(sql).isEqualTo(real.totalCost());
            assertThat(pretended.root().width()).as(sql).isEqualTo(real.root().width());
            assertThat(pretended.root().rows()).as(sql).isEqualTo(real.root().rows());
        }
    }

    @Test
    void what_is_missing_is_listed_with_the_tables_and_the_queries_that_it_touches() {
        assertThat(twin.omissions())
                .extracting(Omission::object)
                .containsExactlyInAnyOrder("type \"Geo \"\"x\"\"\".geometry", "index \"public\".\"place_size\"");
        assertThat(twin.omissions())
                .allSatisfy(omission -> assertThat(omission.relations()).containsExactly("\"public\".\"place\""));
        Workload workload = new Workload(
                "test",
                List.of(
                        query("by city", "SELECT name FROM public.place WHERE city = $1"),
                        query("orders", "SELECT * FROM public.orders WHERE id = $1"),
                        query("through a view", "SELECT * FROM public.places"),
                        query(
                                "cannot be planned",
                                "SELECT * FROM public.place WHERE spot OPERATOR(\"Geo \"\"x\"\"\".~=) $1")));
        assertThat(Reach.of(twin, workload).values())
                .hasSize(2)
                .allSatisfy(queries ->
                        assertThat(queries).containsExactly("by city", "through a view", "cannot be planned"));
    }

    @Test
    void a_statement_that_needs_what_is_missing_says_so() {
        assertThatThrownBy(() -> twin.explain("SELECT * FROM public.place WHERE \"Geo \"\"x\"\"\".area(spot) > 3"))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("function Geo \"x\".area(");
    }

    private static Workload.Query query(String id, String sql) {
        return new Workload.Query(id, sql, 1, null, null, List.of());
    }
}
