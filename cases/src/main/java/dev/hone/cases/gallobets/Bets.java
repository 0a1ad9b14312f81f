package dev.hone.cases.gallobets;

import dev.hone.cases.CopyText;
import dev.hone.cases.Rows;
import java.util.List;
import java.util.SplittableRandom;

/** Who put how much on which side. A few are counter-proposals to another bet on the same fight. */
final class Bets implements Rows {

    private final Season season;
    private final SplittableRandom random;
    private final int[] openOffer;

    Bets(Season season) {
        this.season = season;
        this.random = season.random("bets");
        this.openOffer = new int[season.fights()];
    }

    @Override
    public String table() {
        return "bets";
    }

    @Override
    public List<String> columns() {
        return List.of(
                "id",
                "user_id",
                "fight_id",
                "side",
                "amount",
                "odds",
                "potential_win",
                "status",
                "result",
                "parent_bet_id",
                "proposal_status",
                "terms",
                "client_ip",
                "created_at",
                "updated_at",
                "settled_at");
    }

    @Override
    public long count() {
        return season.bets;
    }

    @Override
    public void write(long id, CopyText out) {
        long lastOnes = season.bets / 40;
        long before = season.bets - lastOnes;
        boolean isTonight = id > before;
        long created = isTonight ? season.momentTonight(id - before - 1, lastOnes) : season.moment(id - 1, before);
        int fight = fight(isTonight, created);
        String status = status(season.statusOfFight(fight));
        boolean isCounter = openOffer[fight] != 0 && random.nextInt(1000) < 60;
        long amount = 500L * (1 + random.nextInt(1 + random.nextInt(100)));
        long odds = 1700L + random.nextInt(600);
        out.number(id)
                .number(season.activeUser(random))
                .number(fight + 1L)
                .text(random.nextBoolean() ? "red" : "blue")
                .hundredths(amount)
                .thousandths(odds)
                .hundredths(amount * odds / 1000)
                .text(status);
        switch (status) {
            case "completed" -> out.text(random.nextInt(20) == 0 ? "draw" : random.nextBoolean() ? "win" : "loss");
            case "cancelled" -> out.text("cancelled");
            default -> out.nothing();
        }
        if (isCounter) {
            out.number(openOffer[fight]).text(proposalStatus(status));
        } else {
            out.nothing().nothing();
            if (random.nextInt(5) == 0) {
                openOffer[fight] = (int) id;
            }
        }
        out.text("{\"kind\": \"" + (isCounter ? "DOY" : "PAGO") + "\", \"ratio\": \"100/" + (70 + random.nextInt(31))
                        + "\", \"acceptsLess\": " + random.nextBoolean() + ", \"device\": \""
                        + (random.nextInt(3) == 0 ? "web" : "mobile") + "\"}")
                .text(Words.address(random))
                .time(created)
                .time(created + random.nextInt(900));
        if (status.equals("completed")) {
            out.time(created + 900 + random.nextInt(3600));
        } else {
            out.nothing();
        }
    }

    private int fight(boolean isTonight, long created) {
        int event = isTonight ? season.tonightsEvent(random) : season.pastEvent(created, random);
        int fights = season.fights(event);
        // The later fights of an evening are the better ones; tonight they have not all begun.
        int place = isTonight
                ? (random.nextInt(fights) + random.nextInt(fights)) / 2
                : Math.max(random.nextInt(fights), random.nextInt(fights));
        return season.firstFight(event) + place;
    }

    private String status(Season.FightStatus fight) {
        int percent = random.nextInt(100);
        return switch (fight) {
            case COMPLETED -> percent < 96 ? "completed" : "cancelled";
            case CANCELLED -> "cancelled";
            case LIVE -> percent < 90 ? "active" : "cancelled";
            case BETTING -> percent < 55 ? "pending" : percent < 95 ? "active" : "cancelled";
            case UPCOMING -> percent < 85 ? "pending" : percent < 95 ? "active" : "cancelled";
        };
    }

    private String proposalStatus(String status) {
        int percent = random.nextInt(100);
        if (status.equals("pending")) {
            return percent < 80 ? "pending" : "rejected";
        }
        return percent < 40 ? "accepted" : percent < 80 ? "rejected" : "expired";
    }
}
