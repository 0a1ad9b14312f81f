package dev.hone.advise;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Values between two others, in PostgreSQL's text form. */
final class Between {

    private static final Pattern WHOLE = Pattern.compile("-?\\d{1,18}");
    private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?([eE][+-]?\\d+)?");
    private static final Pattern DATE = Pattern.compile("\\d{4}-\\d\\d-\\d\\d");
    private static final Pattern TIME =
            Pattern.compile("(\\d{4}-\\d\\d-\\d\\d) (\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,6})?)([+-]\\d\\d(?::\\d\\d)?)?");

    private Between() {}

    /**
     * A value between two numbers, dates or times; of others, the nearer of both.
     *
     * @param share of the way from one to the other, from 0 to 1
     */
    static String value(String from, String to, double share) {
        String nearer = share < 0.5 ? from : to;
        try {
            if (NUMBER.matcher(from).matches() && NUMBER.matcher(to).matches()) {
                boolean whole =
                        WHOLE.matcher(from).matches() && WHOLE.matcher(to).matches();
                BigDecimal start = new BigDecimal(from);
                BigDecimal value = start.add(new BigDecimal(to).subtract(start).multiply(BigDecimal.valueOf(share)));
                return (whole ? value.setScale(0, RoundingMode.HALF_UP) : value).toPlainString();
            }
            if (DATE.matcher(from).matches() && DATE.matcher(to).matches()) {
                LocalDate start = LocalDate.parse(from);
                return start.plusDays(Math.round(ChronoUnit.DAYS.between(start, LocalDate.parse(to)) * share))
                        .toString();
            }
            Matcher first = TIME.matcher(from);
            Matcher second = TIME.matcher(to);
            if (first.matches() && second.matches()) {
                LocalDateTime start = time(first);
                long micros = Duration.between(start, time(second)).toNanos() / 1_000;
                // A change of daylight saving between them is an hour at most, which matters to nobody here.
                String offset = first.group(3) == null ? "" : first.group(3);
                return start.plus(Math.round(micros * share), ChronoUnit.MICROS)
                                .toString()
                                .replace('T', ' ')
                        + offset;
            }
        } catch (DateTimeException | ArithmeticException e) {
            return nearer;
        }
        return nearer;
    }

    private static LocalDateTime time(Matcher matcher) {
        return LocalDateTime.parse(matcher.group(1) + "T" + matcher.group(2));
    }
}
