package dev.hone.cases.gallobets;

import dev.hone.cases.CopyText;
import dev.hone.cases.Rows;
import java.util.List;
import java.util.SplittableRandom;

/** The evenings. */
final class Events implements Rows {

    private final Season season;
    private final SplittableRandom random;

    Events(Season season) {
        this.season = season;
        this.random = season.random("events");
    }

    @Override
    public String table() {
        return "events";
    }

    @Override
    public List<String> columns() {
        return List.of(
                "id",
                "venue_id",
                "operator_id",
                "name",
                "description",
                "status",
                "scheduled_date",
                "ended_at",
                "stream_key",
                "stream_url",
                "settings",
                "created_at",
                "updated_at");
    }

    @Override
    public long count() {
        return season.events;
    }

    @Override
    public void write(long id, CopyText out) {
        int event = (int) id - 1;
        long date = season.dateOf(event);
        boolean over = season.statusOfEvent(event) == Season.EventStatus.COMPLETED;
        String key = Words.hex(32, random);
        out.number(id)
                .number(1 + random.nextInt(season.venues))
                .number(1 + random.nextInt(season.users))
                .text("Derby " + Words.pick(Words.STABLES, random) + ", " + Words.pick(Words.CITIES, random) + " " + id)
                .text(Words.sentences(5, random))
                .text(season.statusOfEvent(event).label)
                .time(date);
        if (over) {
            out.time(date + 3 * 3600 + random.nextInt(3600));
        } else {
            out.nothing();
        }
        out.text(key)
                .text("https://stream.example.com/live/" + key + "/index.m3u8")
                .text("{\"minBet\": 10, \"maxBet\": " + 1000 * (1 + random.nextInt(5))
                        + ", \"rules\": \"provincial\", \"proposals\": true, \"cameras\": 3}")
                .time(date - 20 * 86_400)
                .time(Math.min(date + 4 * 3600, Season.NOW));
    }
}
