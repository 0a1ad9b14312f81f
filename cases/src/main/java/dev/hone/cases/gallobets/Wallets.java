package dev.hone.cases.gallobets;

import dev.hone.cases.CopyText;
import dev.hone.cases.Rows;
import java.util.List;
import java.util.SplittableRandom;

/** One for every user. */
final class Wallets implements Rows {

    private final Season season;
    private final SplittableRandom random;

    Wallets(Season season) {
        this.season = season;
        this.random = season.random("wallets");
    }

    @Override
    public String table() {
        return "wallets";
    }

    @Override
    public List<String> columns() {
        return List.of("id", "user_id", "balance", "frozen_amount", "currency", "created_at", "updated_at");
    }

    @Override
    public long count() {
        return season.users;
    }

    @Override
    public void write(long id, CopyText out) {
        long created = season.moment(id, season.users);
        out.number(id)
                .number(id)
                .hundredths(1_000_000 + random.nextInt(500_000))
                .hundredths(random.nextInt(20) == 0 ? random.nextInt(50_000) : 0)
                .text("USD")
                .time(created)
                .time(Season.NOW - random.nextInt(90 * 86_400));
    }
}
