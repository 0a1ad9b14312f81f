package dev.hone.cases.gallobets;

import dev.hone.cases.CopyText;
import dev.hone.cases.Rows;
import java.util.List;
import java.util.SplittableRandom;

/** What people bet on. */
final class Fights implements Rows {

    private final Season season;
    private final SplittableRandom random;

    Fights(Season season) {
        this.season = season;
        this.random = season.random("fights");
    }

    @Override
    public String table() {
        return "fights";
    }

    @Override
    public List<String> columns() {
        return List.of(
                "id",
                "event_id",
                "number",
                "red_corner",
                "blue_corner",
                "weight_grams",
                "status",
                "result",
                "odds",
                "notes",
                "betting_starts_at",
                "betting_ends_at",
                "created_at",
                "updated_at");
    }

    @Override
    public long count() {
        return season.fights();
    }

    @Override
    public void write(long id, CopyText out) {
        int fight = (int) id - 1;
        int event = season.eventOf(fight);
        int place = fight - season.firstFight(event);
        long begin = season.dateOf(event) + place * 1500L;
        Season.FightStatus status = season.statusOfFight(fight);
        int favourite = 1700 + random.nextInt(600);
        out.number(id)
                .number(event + 1)
                .number(place + 1)
                .text(Words.pick(Words.STABLES, random))
                .text(Words.pick(Words.STABLES, random))
                .number(1800 + random.nextInt(900))
                .text(status.label);
        switch (status) {
            case COMPLETED -> out.text(random.nextInt(20) == 0 ? "draw" : random.nextBoolean() ? "red" : "blue");
            case CANCELLED -> out.text("cancelled");
            case UPCOMING, BETTING, LIVE -> out.nothing();
        }
        out.text("{\"red\": " + favourite / 1000.0 + ", \"blue\": " + (4000 - favourite) / 1000.0 + ", \"draw\": 9.5}");
        if (random.nextInt(4) == 0) {
            out.text(Words.sentences(1, random));
        } else {
            out.nothing();
        }
        out.time(begin)
                .time(begin + 600)
                .time(season.dateOf(event) - 5 * 86_400)
                .time(Math.min(begin + 1200, Season.NOW));
    }
}
