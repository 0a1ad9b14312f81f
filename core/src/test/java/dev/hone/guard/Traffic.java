package dev.hone.guard;

import dev.hone.postgres.Server;
import dev.hone.postgres.ServerAddress;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** An application: a few clients that ask the same queries over and over, one after the other. */
final class Traffic implements AutoCloseable {

    private final AtomicBoolean ended = new AtomicBoolean();
    private final List<Thread> clients = new ArrayList<>();

    Traffic(ServerAddress address, String... queries) {
        for (int i = 0; i < 2; i++) {
            clients.add(Thread.startVirtualThread(() -> run(address, queries)));
        }
    }

    private void run(ServerAddress address, String... queries) {
        while (!ended.get()) {
            try (Connection connection = Server.open(address, "application")) {
                List<PreparedStatement> statements = new ArrayList<>();
                for (String query : queries) {
                    statements.add(connection.prepareStatement(query));
                }
                while (!ended.get()) {
                    for (PreparedStatement statement : statements) {
                        statement.execute();
                    }
                    Thread.sleep(1);
                }
            } catch (SQLException e) {
                // What it uses was changed under it: it connects anew.
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    @Override
    public void close() throws InterruptedException {
        ended.set(true);
        for (Thread client : clients) {
            client.join();
        }
    }
}
