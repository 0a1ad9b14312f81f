package dev.hone.cases.gallobets;

import dev.hone.cases.CopyText;
import dev.hone.cases.Rows;
import java.util.List;
import java.util.SplittableRandom;

/** Where the fights are. */
final class Venues implements Rows {

    private final Season season;
    private final SplittableRandom random;

    Venues(Season season) {
        this.season = season;
        this.random = season.random("venues");
    }

    @Override
    public String table() {
        return "venues";
    }

    @Override
    public List<String> columns() {
        return List.of("id", "owner_id", "name", "city", "description", "contact", "status", "created_at");
    }

    @Override
    public long count() {
        return season.venues;
    }

    @Override
    public void write(long id, CopyText out) {
        String city = Words.pick(Words.CITIES, random);
        out.number(id)
                .number(1 + random.nextInt(season.users))
                .text("Coliseo " + Words.pick(Words.STABLES, random) + " " + id)
                .text(city)
                .text(Words.sentences(7, random))
                .text("{\"phone\": \"+593 9" + (10_000_000 + random.nextInt(89_999_999)) + "\", \"city\": \"" + city
                        + "\", \"capacity\": " + (200 + random.nextInt(1800)) + "}")
                .text(random.nextInt(20) == 0 ? "suspended" : "active")
                .time(season.moment(id, season.venues * 4L));
    }
}
