package dev.hone.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressParserTest {

    private static final AddressParser BARE = new AddressParser(Map.of(), "me");

    @ParameterizedTest
    @CsvSource({
        "postgres://db.example/shop,                     db.example, 5432, shop, me",
        "postgresql://ann@db.example:6000/shop,          db.example, 6000, shop, ann",
        "postgres://ann%40x@[::1]:6000/a%2Fb,            ::1,        6000, a/b,  ann@x",
        "jdbc:postgresql://db.example:6000/shop?user=ann, db.example, 6000, shop, ann",
        "jdbc:postgresql:shop,                           localhost,  5432, shop, me",
        "postgres://,                                    localhost,  5432, me,   me",
        "postgres:///shop?host=h&port=7&user=ann,        h,          7,    shop, ann",
        "postgres://ann+b@h/c+d,                         h,          5432, c+d,  ann+b",
    })
    void every_form_of_url(String url, String host, int port, String database, String user) {
        ServerAddress address = BARE.parse(url);
        assertThat(address.host()).isEqualTo(host);
        assertThat(address.port()).isEqualTo(port);
        assertThat(address.database()).isEqualTo(database);
        assertThat(address.user()).isEqualTo(user);
    }

    @Test
    void the_environment_fills_in_what_the_url_leaves_out() {
        AddressParser parser = new AddressParser(
                Map.of(
                        "PGHOST",
                        "h",
                        "PGPORT",
                        "6000",
                        "PGDATABASE",
                        "d",
                        "PGUSER",
                        "u",
                        "PGPASSWORD",
                        "s3cret",
                        "PGSSLMODE",
                        "require",
                        "PGTARGETSESSIONATTRS",
                        "read-write"),
                "me");
        ServerAddress address = parser.parse(null);
        assertThat(address)
                .isEqualTo(new ServerAddress(
                        "h",
                        6000,
                        "d",
                        "u",
                        new Secret("s3cret"),
                        Map.of("sslmode", "require", "targetServerType", "primary")));
        assertThat(address.toString()).doesNotContain("s3cret");
        assertThat(parser.parse("postgres://other/").host()).isEqualTo("other");
        assertThat(parser.parse("postgres://other/").database()).isEqualTo("d");
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "a b", "50%25 ?&#1", "x@y:z/w", "c+d", "Größe \"2\"", "line\nfeed", "*~'$`"})
    void a_printed_address_leads_back_to_the_same_database(String name) {
        for (String host : List.of("h", "::1")) {
            ServerAddress address = new ServerAddress(
                    host, 7000, name, name, null, Map.of("options", "-c x=" + name, "sslmode", "prefer"));
            assertThat(BARE.parse(address.toString())).isEqualTo(address);
        }
    }

    @Test
    void a_service_and_several_hosts_are_left_to_the_driver() {
        assertThat(BARE.parse("service=shop").driverUrl()).isEqualTo("jdbc:postgresql:///?service=shop");
        assertThat(BARE.parse("postgres://a:1,b:2/d").driverUrl()).isEqualTo("jdbc:postgresql://a:1,b:2/d");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgres://ann:s3cret@h/d",
                "postgres://h/d?password=s3cret",
                "jdbc:postgresql://h/d?user=ann&password=s3cret",
                "postgres://ann:s3cret/1@h/d",
                "postgres://ann:s3cret?1@h/d",
                "jdbc:postgresql:d?Password=s3cret",
                "postgres://ann:s3cret@h:notaport/d"
            })
    void a_password_is_refused_and_not_repeated(String url) {
        assertThatThrownBy(() -> BARE.parse(url)).isInstanceOfSatisfying(HoneException.class, e -> {
            assertThat(e.kind()).isEqualTo(HoneException.Kind.USAGE);
            assertThat(e.getMessage() + e.advice()).contains("PGPASSWORD").doesNotContain("s3cret");
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://h/d",
                "postgres//h",
                "postgres://h:0/d",
                "postgres://h:99999/d",
                "postgres://h/%zz",
                "postgres:///d?host=/var/run/postgresql"
            })
    void what_is_no_address_is_said_so(String url) {
        assertThatThrownBy(() -> BARE.parse(url))
                .isInstanceOfSatisfying(
                        HoneException.class, e -> assertThat(e.kind()).isEqualTo(HoneException.Kind.USAGE));
    }
}
