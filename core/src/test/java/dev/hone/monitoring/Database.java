package dev.hone.monitoring;

import dev.hone.postgres.LocalServer;
import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** A fresh database on a real server for one test. */
public record Database(ServerAddress address) {

    private static final AtomicInteger NUMBER = new AtomicInteger();

    public static Database on(LocalServer local, String... statements) {
        return from(local, "template1", statements);
    }

    /** A copy of a database that nobody is connected to: quicker than to install anew. */
    public static Database from(LocalServer local, String template, String... statements) {
        String name = "kit" + NUMBER.incrementAndGet();
        try (Server server = Server.connect(local.address("postgres"))) {
            server.handle().execute("CREATE DATABASE " + name + " TEMPLATE " + template);
        }
        Database database = new Database(local.address(name));
        database.run(statements);
        return database;
    }

    /** Runs statements in one session, each in a transaction of its own. */
    public void run(String... statements) {
        try (Server server = Server.connect(address)) {
            for (String statement : statements) {
                server.handle().execute(statement);
            }
        }
    }

    /** Rows by their columns' names. */
    public List<Map<String, Object>> rows(String query) {
        try (Server server = Server.connect(address)) {
            return server.handle().createQuery(query).mapToMap().list();
        }
    }

    public Map<String, Object> row(String query) {
        List<Map<String, Object>> rows = rows(query);
        if (rows.size() != 1) {
            throw new AssertionError(rows.size() + " rows: " + query + "\n" + rows);
        }
        return rows.getFirst();
    }

    /** The only column of the only row. */
    public Object ask(String query) {
        return row(query).values().iterator().next();
    }

    public List<String> all(String query) {
        try (Server server = Server.connect(address)) {
            return server.handle().createQuery(query).mapTo(String.class).list();
        }
    }
}
