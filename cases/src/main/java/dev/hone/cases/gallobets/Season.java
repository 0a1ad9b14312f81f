package dev.hone.cases.gallobets;

import dev.hone.cases.Skew;
import java.time.Instant;
import java.util.SplittableRandom;

/**
 * Four years of evenings, up to the one that is on: how many rows there are of everything, when each event is and how
 * far its fights have come. All tables are made from it, so that they agree. Deeply immutable after construction.
 *
 * <p>Events are numbered by date: first those that are over, then tonight's, then those to come. Business grows, so that
 * the later an event, the more bets it drew.
 */
final class Season {

    /** The moment at which the data end: a Saturday evening. */
    static final long NOW = Instant.parse("2026-06-21T02:00:00Z").getEpochSecond();

    private static final long HOUR = 3600;
    private static final long DAY = 24 * HOUR;
    private static final long START = NOW - 4 * 365 * DAY;
    private static final long SEED = 20_260_621L;

    enum EventStatus {
        SCHEDULED("scheduled"),
        IN_PROGRESS("in-progress"),
        COMPLETED("completed"),
        CANCELLED("cancelled");

        final String label;

        EventStatus(String label) {
            this.label = label;
        }
    }

    enum FightStatus {
        UPCOMING("upcoming"),
        BETTING("betting"),
        LIVE("live"),
        COMPLETED("completed"),
        CANCELLED("cancelled");

        final String label;

        FightStatus(String label) {
            this.label = label;
        }
    }

    final int users;
    final int venues;
    final int events;
    final int bets;
    final int transactions;
    final int connections;
    /** Events that are over; tonight's follow them. */
    final int past;

    final int tonight;

    private final EventStatus[] eventStatus;
    private final long[] eventDate;
    /** First fight of an event, counted from 0; one more entry than events. */
    private final int[] firstFight;

    private final FightStatus[] fightStatus;
    private final int[] eventOfFight;
    private final Skew activeUsers;

    Season(double scale) {
        users = rows(50_000, scale);
        venues = rows(600, scale);
        events = rows(20_000, scale);
        bets = rows(1_000_000, scale);
        transactions = rows(1_200_000, scale);
        connections = rows(400_000, scale);
        tonight = Math.clamp(Math.round(12 * scale), 3, 60);
        int coming = Math.max(10, events / 50);
        past = events - tonight - coming;
        activeUsers = new Skew(users, 0.8, 30);

        SplittableRandom random = random("season");
        eventStatus = new EventStatus[events];
        eventDate = new long[events];
        firstFight = new int[events + 1];
        for (int event = 0; event < events; event++) {
            boolean cancelled = random.nextInt(1000) < 30;
            long evening = random.nextInt(8) * HOUR / 2;
            if (event < past) {
                long day = (NOW - DAY - START) / DAY * event / past;
                eventDate[event] = START + day * DAY - 4 * HOUR + evening;
                eventStatus[event] = cancelled ? EventStatus.CANCELLED : EventStatus.COMPLETED;
            } else if (event < past + tonight) {
                eventDate[event] = NOW - 2 * HOUR + random.nextInt(4) * HOUR / 4;
                eventStatus[event] = EventStatus.IN_PROGRESS;
            } else {
                long day = 1 + 60L * (event - past - tonight) / coming;
                eventDate[event] = NOW + day * DAY - 4 * HOUR + evening;
                eventStatus[event] = cancelled ? EventStatus.CANCELLED : EventStatus.SCHEDULED;
            }
            firstFight[event + 1] = firstFight[event] + 6 + random.nextInt(5);
        }
        int fights = firstFight[events];
        fightStatus = new FightStatus[fights];
        eventOfFight = new int[fights];
        for (int event = 0; event < events; event++) {
            int count = fights(event);
            int current = count / 2 + random.nextInt(2);
            for (int i = 0; i < count; i++) {
                boolean cancelled = random.nextInt(100) == 0;
                eventOfFight[firstFight[event] + i] = event;
                fightStatus[firstFight[event] + i] = switch (eventStatus[event]) {
                    case SCHEDULED -> FightStatus.UPCOMING;
                    case CANCELLED -> FightStatus.CANCELLED;
                    case COMPLETED -> cancelled ? FightStatus.CANCELLED : FightStatus.COMPLETED;
                    case IN_PROGRESS -> tonightsFight(i - current);
                };
            }
        }
    }

    private static FightStatus tonightsFight(int afterCurrent) {
        if (afterCurrent < 0) {
            return FightStatus.COMPLETED;
        }
        return switch (afterCurrent) {
            case 0 -> FightStatus.LIVE;
            case 1 -> FightStatus.BETTING;
            default -> FightStatus.UPCOMING;
        };
    }

    private static int rows(int atScaleOne, double scale) {
        return (int) Math.clamp(Math.round(atScaleOne * scale), 40L, Integer.MAX_VALUE / 16);
    }

    /** Random numbers of a purpose: always the same ones, whatever else draws. */
    SplittableRandom random(String purpose) {
        return new SplittableRandom(SEED * 31 + purpose.hashCode());
    }

    int fights() {
        return firstFight[events];
    }

    /** Number of fights of an event. */
    int fights(int event) {
        return firstFight[event + 1] - firstFight[event];
    }

    int firstFight(int event) {
        return firstFight[event];
    }

    int eventOf(int fight) {
        return eventOfFight[fight];
    }

    EventStatus statusOfEvent(int event) {
        return eventStatus[event];
    }

    FightStatus statusOfFight(int fight) {
        return fightStatus[fight];
    }

    /** When an event begins, in seconds since 1970. */
    long dateOf(int event) {
        return eventDate[event];
    }

    /** A user who does something: a few do most. From 1 up; busy users are spread over all ids. */
    int activeUser(SplittableRandom random) {
        return 1 + (int) ((activeUsers.next(random) * 7_368_787L + 17) % users);
    }

    /** The moment of the n-th of so many things, each later than the one before and closer to it. */
    long moment(long n, long count) {
        double share = Math.sqrt((n + 0.5) / count);
        return START + (long) ((NOW - 3 * HOUR - START) * share);
    }

    /** The moment of the n-th of so many things tonight. */
    long momentTonight(long n, long count) {
        return NOW - 3 * HOUR + 3 * HOUR * n / count;
    }

    /** An event that people attended at a moment of the past. */
    int pastEvent(long moment, SplittableRandom random) {
        int event = (int) ((moment - START) * past / (NOW - START)) - random.nextInt(8);
        return Math.clamp(event, 0, past - 1);
    }

    /** One of tonight's events; the first ones draw the crowd. */
    int tonightsEvent(SplittableRandom random) {
        double share = random.nextDouble();
        return past + (int) (tonight * share * share);
    }
}
