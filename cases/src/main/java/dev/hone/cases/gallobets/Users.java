package dev.hone.cases.gallobets;

import dev.hone.cases.CopyText;
import dev.hone.cases.Rows;
import java.util.List;
import java.util.SplittableRandom;

/** Everybody who ever signed up. */
final class Users implements Rows {

    private final Season season;
    private final SplittableRandom random;

    Users(Season season) {
        this.season = season;
        this.random = season.random("users");
    }

    @Override
    public String table() {
        return "users";
    }

    @Override
    public List<String> columns() {
        return List.of(
                "id",
                "username",
                "email",
                "password_hash",
                "role",
                "is_active",
                "profile",
                "last_login_at",
                "created_at",
                "updated_at");
    }

    @Override
    public long count() {
        return season.users;
    }

    @Override
    public void write(long id, CopyText out) {
        String first = Words.pick(Words.FIRST_NAMES, random);
        String last = Words.pick(Words.LAST_NAMES, random);
        String handle = "u" + id + "-" + last.charAt(0) + first.charAt(0);
        long created = season.moment(id, season.users);
        long seen = Season.NOW - (long) ((Season.NOW - created) * random.nextDouble() * random.nextDouble());
        int role = random.nextInt(1000);
        out.number(id)
                .text(handle)
                .text(handle + "@example.com")
                .text("$2b$10$" + Words.hex(48, random))
                .text(role < 970 ? "user" : role < 985 ? "operator" : role < 998 ? "venue" : "admin")
                .bool(random.nextInt(100) < 96)
                .text("{\"name\": \"" + first + " " + last + "\", \"city\": \"" + Words.pick(Words.CITIES, random)
                        + "\", \"language\": \"es\", \"notifications\": {\"email\": true, \"push\": "
                        + random.nextBoolean() + "}}")
                .time(seen)
                .time(created)
                .time(seen);
    }
}
