package dev.hone.advise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException;
import dev.hone.Progress;
import dev.hone.change.Analyze;
import dev.hone.change.CatalogDiff;
import dev.hone.change.Change;
import dev.hone.change.CreateIndex;
import dev.hone.change.DeployOptions;
import dev.hone.change.Deployer;
import dev.hone.change.DropIndex;
import dev.hone.postgres.Catalog;
import dev.hone.postgres.Installation;
import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import dev.hone.postgres.SnapshotReader;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.logging.Logger;
import javax.sql.DataSource;
import liquibase.Contexts;
import liquibase.LabelExpression;
import liquibase.Liquibase;
import liquibase.database.jvm.JdbcConnection;
import liquibase.resource.DirectoryResourceAccessor;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Flyway and Liquibase really run what is exported. */
class MigrationsTest {

    private static final String ODD = "Bets \"ü\"; -- x";

    /** Both tools would put something in the place of these, were they not kept from it. */
    private static final String PLACEHOLDERS = "${user.name} ${flyway:database}\n--rollback x";

    private static LocalServer local;

    @BeforeAll
    static void start() {
        local = LocalServer.start(Installation.embedded(), Map.of());
    }

    @AfterAll
    static void stop() {
        local.close();
    }

    private static ServerAddress database(String name) {
        try (Server server = Server.connect(local.address("postgres"))) {
            server.handle().execute("CREATE DATABASE " + name);
        }
        ServerAddress address = local.address(name);
        try (Server server = Server.connect(address)) {
            server.handle().execute("CREATE SCHEMA app");
            server.handle()
                    .execute("CREATE TABLE app." + dev.hone.postgres.Sql.identifier(ODD)
                            + " (id int PRIMARY KEY, status text, n int)");
            server.handle().execute("CREATE INDEX old_idx ON app." + dev.hone.postgres.Sql.identifier(ODD) + " (n)");
            server.handle()
                    .execute("INSERT INTO app." + dev.hone.postgres.Sql.identifier(ODD)
                            + " SELECT g, 'open', g FROM generate_series(1, 1000) g");
        }
        return address;
    }

    private static CreateIndex index(String name) {
        return new CreateIndex(
                "app",
                ODD,
                name,
                false,
                "btree",
                List.of("\"status\"", "\"n\" DESC"),
                List.of("\"id\""),
                "\"status\" <> 'a; --x'");
    }

    private static Proposal proposal(Change... changes) {
        return new Proposal(
                Proposal.FORMAT,
                Instant.parse("2026-11-01T10:00:00Z"),
                "d",
                null,
                "w",
                0,
                0,
                java.util.Arrays.stream(changes)
                        .map(change -> new Recommendation(change, "why ${x}\n;", 1, List.of(), List.of()))
                        .toList(),
                List.of());
    }

    private static Proposal all(String name) {
        return proposal(
                new Analyze("app", ODD),
                index(name),
                new DropIndex(
                        "app",
                        "old_idx",
                        "CREATE INDEX old_idx ON app." + dev.hone.postgres.Sql.identifier(ODD) + " USING btree (n)"));
    }

    private static Catalog catalog(ServerAddress address) {
        try (Server server = Server.connect(address)) {
            return SnapshotReader.whole(List.of()).read(server, Progress.NONE).catalog();
        }
    }

    /** What differs, the tools' own tables left out. */
    private static List<String> difference(Catalog one, Catalog other) {
        return CatalogDiff.between(one, other).stream()
                .filter(line ->
                        !line.matches("(?s).*(performance_monitoring|flyway_schema_history|databasechangelog).*"))
                .toList();
    }

    /** The catalog that {@code hone apply} gives. */
    private static Catalog applied(String database, Proposal proposal) {
        ServerAddress address = database(database);
        assertThat(Deployer.apply(
                                address,
                                proposal.recommendations().stream()
                                        .map(Recommendation::change)
                                        .toList(),
                                DeployOptions.DEFAULT,
                                Progress.NONE)
                        .complete())
                .isTrue();
        return catalog(address);
    }

    @Test
    void flyway_gives_the_catalog_that_hone_gives_and_its_undo_the_old_one(@TempDir Path folder) throws Exception {
        ServerAddress address = database("by_flyway");
        Catalog before = catalog(address);
        List<Path> files = Migrations.write(all(PLACEHOLDERS), Migrations.Tool.FLYWAY, folder);
        assertThat(files).hasSize(12);
        Flyway flyway = Flyway.configure()
                .dataSource(new Connections(address))
                .locations("filesystem:" + folder)
                .baselineOnMigrate(true)
                .baselineVersion("1")
                // Its lock is a transaction, for the end of which a concurrent build would wait.
                .configuration(Map.of("flyway.postgresql.transactional.lock", "false"))
                .load();

        assertThat(flyway.migrate().migrationsExecuted).isEqualTo(3);

        Catalog after = catalog(address);
        assertThat(difference(before, after)).hasSize(8);
        assertThat(difference(applied("as_flyway", all(PLACEHOLDERS)), after)).isEmpty();
        flyway.validate();

        List<Path> undo = files.stream()
                .filter(file -> file.getFileName().toString().matches("U.*\\.sql"))
                .sorted(Comparator.reverseOrder())
                .toList();
        try (Server server = Server.connect(address)) {
            for (Path file : undo) {
                String text = Files.readString(file);
                if (!text.lines().allMatch(line -> line.startsWith("--"))) {
                    server.handle().execute(text);
                }
            }
        }
        assertThat(difference(before, catalog(address))).isEmpty();
    }

    @Test
    void liquibase_gives_the_catalog_that_hone_gives_and_rolls_it_back(@TempDir Path folder) throws Exception {
        ServerAddress address = database("by_liquibase");
        Catalog before = catalog(address);
        Path file = Migrations.write(all("new; idx"), Migrations.Tool.LIQUIBASE, folder)
                .getFirst();
        try (Liquibase liquibase = new Liquibase(
                file.getFileName().toString(),
                new DirectoryResourceAccessor(folder),
                new JdbcConnection(Server.open(address, "liquibase")))) {
            liquibase.update(new Contexts(), new LabelExpression());

            Catalog after = catalog(address);
            assertThat(difference(before, after)).hasSize(8);
            assertThat(difference(applied("as_liquibase", all("new; idx")), after))
                    .isEmpty();

            liquibase.rollback(3, null, new Contexts(), new LabelExpression());
            assertThat(difference(before, catalog(address))).isEmpty();
        }
    }

    @Test
    void what_liquibase_would_misread_is_refused_and_nothing_is_written(@TempDir Path folder) {
        for (String name : List.of("x\n--rollback DROP TABLE victim", "x\n  /* y", "${user.name}")) {
            Proposal evil = proposal(index(name));
            assertThatThrownBy(() -> Migrations.write(evil, Migrations.Tool.LIQUIBASE, folder.resolve("new")))
                    .as(name)
                    .isInstanceOfSatisfying(
                            HoneException.class, e -> assertThat(e.kind()).isEqualTo(HoneException.Kind.REFUSED));
        }
        assertThat(folder.resolve("new")).doesNotExist();
    }

    @Test
    void no_file_is_overwritten_and_names_are_one_on_every_file_system(@TempDir Path folder) {
        List<Path> files = Migrations.write(all(PLACEHOLDERS), Migrations.Tool.FLYWAY, folder);
        assertThat(files)
                .extracting(file -> file.getFileName().toString())
                .allMatch(name -> name.matches("[VU]20261101100000_00[123]__[a-z0-9_]+\\.sql(\\.conf)?"));
        assertThatThrownBy(() -> Migrations.write(all(PLACEHOLDERS), Migrations.Tool.FLYWAY, folder))
                .isInstanceOf(HoneException.class)
                .hasMessageContaining("is there already");
    }

    /** New connections, as the tools ask for them. */
    private record Connections(ServerAddress address) implements DataSource {

        @Override
        public Connection getConnection() {
            return Server.open(address, "flyway");
        }

        @Override
        public Connection getConnection(String user, String password) {
            return getConnection();
        }

        @Override
        public PrintWriter getLogWriter() {
            return new PrintWriter(System.err, true, java.nio.charset.StandardCharsets.UTF_8);
        }

        @Override
        public void setLogWriter(PrintWriter out) {}

        @Override
        public void setLoginTimeout(int seconds) {}

        @Override
        public int getLoginTimeout() {
            return 0;
        }

        @Override
        public Logger getParentLogger() {
            return Logger.getLogger("flyway");
        }

        @Override
        public <T> T unwrap(Class<T> type) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean isWrapperFor(Class<?> type) {
            return false;
        }
    }
}
