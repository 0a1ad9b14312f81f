package dev.hone.change;

import java.sql.SQLException;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** The server's refusals in words that help. */
final class Failure {

    private Failure() {}

    /** What the server said, with its detail, and what that means where it is not plain. */
    static String text(SQLException e) {
        SQLException cause = e instanceof Workbench.Leftover leftover ? leftover.failure() : e;
        String blockers = "";
        if (cause instanceof Workbench.Blocked blocked) {
            cause = blocked.failure();
            blockers = blocked.blockers();
        }
        StringBuilder text = new StringBuilder(said(cause));
        String state = String.valueOf(cause.getSQLState());
        switch (state) {
            case "23505" -> text.append(". The table holds duplicates: remove them, then apply again");
            case "55P03" ->
                text.append(". Another session held the lock for longer than the budget allows")
                        .append(blockers.isEmpty() ? "" : ": " + open(blockers));
            case "57P01", "57P02", "57P03" ->
                text.append(". An administrator ended the session, or the server stopped");
            case "57014" -> text.append(". Somebody cancelled the statement");
            case "53100" -> text.append(". The server's disk is full");
            default -> {}
        }
        if (e instanceof Workbench.Leftover) {
            text.append(". What it left could not be removed either (")
                    .append(said(e.getSuppressed()[0]))
                    .append("); the journal knows it, and the next run or undo removes it");
        }
        return text.toString();
    }

    /** Words that end with one full stop, also where they quote a statement or a sentence that brings its own. */
    static String sentence(String words) {
        return open(words) + ".";
    }

    /** Words that more can be joined to. */
    private static String open(String words) {
        return words.replaceFirst("[\\s;.]+$", "");
    }

    private static String said(Throwable e) {
        if (e instanceof PSQLException server) {
            ServerErrorMessage message = server.getServerErrorMessage();
            if (message != null && message.getMessage() != null) {
                return open(message.getMessage() + (message.getDetail() == null ? "" : ": " + message.getDetail()));
            }
        }
        return String.valueOf(e.getMessage());
    }
}
