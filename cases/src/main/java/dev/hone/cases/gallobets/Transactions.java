package dev.hone.cases.gallobets;

import dev.hone.cases.CopyText;
import dev.hone.cases.Rows;
import java.util.List;
import java.util.SplittableRandom;

/** What went in and out of the wallets. */
final class Transactions implements Rows {

    private final Season season;
    private final SplittableRandom random;

    Transactions(Season season) {
        this.season = season;
        this.random = season.random("transactions");
    }

    @Override
    public String table() {
        return "transactions";
    }

    @Override
    public List<String> columns() {
        return List.of(
                "id",
                "wallet_id",
                "type",
                "status",
                "amount",
                "reference",
                "description",
                "metadata",
                "created_at",
                "updated_at");
    }

    @Override
    public long count() {
        return season.transactions;
    }

    @Override
    public void write(long id, CopyText out) {
        long created = season.moment(id - 1, season.transactions);
        String type = type(random.nextInt(100));
        boolean isRecent = id > season.transactions - season.transactions / 50;
        boolean isMoney = type.equals("deposit") || type.equals("withdrawal");
        out.number(id)
                .number(season.activeUser(random))
                .text(type)
                .text(status(isRecent && isMoney, random.nextInt(1000)))
                .hundredths(500L * (1 + random.nextInt(1 + random.nextInt(200))))
                .text("TX-" + Words.hex(16, random))
                .text(
                        isMoney
                                ? "Bank transfer by the customer's own account"
                                : "Fight of an evening, placed on the site")
                .text("{\"source\": \"" + (random.nextBoolean() ? "web" : "mobile") + "\", \"fee\": "
                        + random.nextInt(50) + ", \"attempt\": 1}")
                .time(created)
                .time(created + random.nextInt(600));
    }

    private static String type(int percent) {
        if (percent < 45) {
            return "bet-lock";
        }
        if (percent < 65) {
            return "bet-win";
        }
        if (percent < 84) {
            return "bet-loss";
        }
        if (percent < 93) {
            return "deposit";
        }
        return percent < 97 ? "withdrawal" : "bet-refund";
    }

    private static String status(boolean isRecent, int thousandth) {
        if (isRecent && thousandth < 150) {
            return thousandth < 100 ? "pending" : "processing";
        }
        if (thousandth >= 970) {
            return thousandth < 985 ? "failed" : "cancelled";
        }
        return "completed";
    }
}
