package dev.hone.cases.gallobets;

import dev.hone.cases.CopyText;
import dev.hone.cases.Rows;
import java.util.List;
import java.util.SplittableRandom;

/** Who watches, and watched. */
final class EventConnections implements Rows {

    private final Season season;
    private final SplittableRandom random;

    EventConnections(Season season) {
        this.season = season;
        this.random = season.random("event_connections");
    }

    @Override
    public String table() {
        return "event_connections";
    }

    @Override
    public List<String> columns() {
        return List.of(
                "id",
                "event_id",
                "user_id",
                "session_id",
                "client_ip",
                "user_agent",
                "connected_at",
                "disconnected_at");
    }

    @Override
    public long count() {
        return season.connections;
    }

    @Override
    public void write(long id, CopyText out) {
        long lastOnes = season.connections / 50;
        long before = season.connections - lastOnes;
        boolean isTonight = id > before;
        long connected = isTonight ? season.momentTonight(id - before - 1, lastOnes) : season.moment(id - 1, before);
        int event = isTonight ? season.tonightsEvent(random) : season.pastEvent(connected, random);
        out.number(id)
                .number(event + 1)
                .number(season.activeUser(random))
                .text(Words.hex(32, random))
                .text(Words.address(random))
                .text(agent(random))
                .time(connected);
        long disconnected = connected + 60 + random.nextInt(4 * 3600);
        // Of tonight's people some never close the page properly.
        if (isTonight && disconnected > Season.NOW) {
            out.nothing();
        } else {
            out.time(disconnected);
        }
    }

    private static String agent(SplittableRandom random) {
        return random.nextInt(3) == 0
                ? "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/" + (110 + random.nextInt(30))
                : "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Mobile Chrome/"
                        + (110 + random.nextInt(30));
    }
}
