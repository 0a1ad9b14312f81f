package dev.hone.twin;

import dev.hone.postgres.Sql;
import dev.hone.postgres.Statistics.ColumnStatistics;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/** The statistics of a column, divided among partitions by that column. */
final class PartitionedKey {

    /**
     * The values that a partition takes.
     *
     * @param bucket number among all ranges, counted from the first bound; remainder of the hash; -1 for NULL only
     * @param from the least value; null for no bound
     * @param to what is above all of its values; null for no bound
     */
    record Place(
            int bucket, @Nullable String from, @Nullable String to) {}

    private record Common(String value, double frequency) {}

    private final Session owner;
    private final String type;
    private final ColumnStatistics key;
    private final List<Common> common = new ArrayList<>();
    private final List<String> histogram;

    PartitionedKey(Session owner, String type, ColumnStatistics key) {
        this.owner = owner;
        this.type = type;
        this.key = key;
        if (key.mostCommonValues() != null && key.mostCommonFrequencies() != null) {
            List<String> values = ArrayText.parse(key.mostCommonValues());
            List<Double> frequencies = ArrayText.numbers(key.mostCommonFrequencies());
            for (int i = 0; i < Math.min(values.size(), frequencies.size()); i++) {
                common.add(new Common(values.get(i), frequencies.get(i)));
            }
        }
        histogram = key.histogramBounds() == null ? List.of() : ArrayText.parse(key.histogramBounds());
    }

    /** The share of each hash partition: of what is rare, all have as much; NULL hashes to 0 and is in the first. */
    List<Double> hashShares(int partitions) throws SQLException {
        List<Integer> places = hashed(partitions);
        double commonly = common.stream().mapToDouble(Common::frequency).sum();
        double rest = Math.max(0, 1 - commonly - key.nullFraction()) / partitions;
        double[] shares = DoubleStream.generate(() -> rest).limit(partitions).toArray();
        shares[0] += key.nullFraction();
        for (int i = 0; i < common.size(); i++) {
            shares[places.get(i)] += common.get(i).frequency();
        }
        return DoubleStream.of(shares).boxed().toList();
    }

    /** The statistics of each partition. */
    List<ColumnStatistics> split(
            List<Place> places,
            List<Double> shares,
            double tuples,
            String schema,
            List<String> partitions,
            boolean hash)
            throws SQLException {
        List<Integer> commonAt;
        List<Integer> boundAt;
        if (hash) {
            commonAt = hashed(places.size());
            boundAt = List.of();
        } else {
            List<String> bounds = places.stream()
                    .map(Place::from)
                    .filter(Objects::nonNull)
                    .collect(Collectors.toCollection(ArrayList::new));
            // The end of the last range is a bound too.
            places.stream()
                    .map(Place::to)
                    .filter(Objects::nonNull)
                    .filter(bound -> !bounds.contains(bound))
                    .forEach(bounds::add);
            commonAt = buckets(common.stream().map(Common::value).toList(), bounds);
            boundAt = buckets(histogram, bounds);
        }
        double commonly = common.stream().mapToDouble(Common::frequency).sum();
        double rare = Math.max(1e-9, 1 - commonly - key.nullFraction());
        double distinct = key.distinct() < 0 ? -key.distinct() * tuples : key.distinct();
        List<ColumnStatistics> all = new ArrayList<>();
        double before = 0;
        for (int i = 0; i < places.size(); i++) {
            Place place = places.get(i);
            double share = Math.max(shares.get(i), 1e-12);
            List<Common> own = new ArrayList<>();
            for (int c = 0; c < common.size(); c++) {
                if (commonAt.get(c) == place.bucket()) {
                    own.add(common.get(c));
                }
            }
            double ownFrequency = own.stream().mapToDouble(Common::frequency).sum();
            double nulls = place.bucket() == -1 ? 1 : hash && place.bucket() == 0 ? key.nullFraction() / share : 0;
            double scale = 1 / Math.max(share, ownFrequency);
            double ownRare = Math.max(0, share * (1 - nulls) - ownFrequency);
            double ownDistinct = own.size() + Math.max(0, distinct - common.size()) * Math.min(1, ownRare / rare);
            int bins = Math.max(1, histogram.size() - 1);
            List<String> bounds =
                    hash ? histogram : within(place, boundAt, before / rare * bins, (before + ownRare) / rare * bins);
            before += ownRare;
            all.add(new ColumnStatistics(
                    schema,
                    partitions.get(i),
                    key.column(),
                    false,
                    (float) Math.min(1, nulls),
                    key.averageWidth(),
                    key.distinct() < 0
                            ? (float) Math.max(-1, -ownDistinct / Math.max(1, share * tuples))
                            : (float) Math.max(1, ownDistinct),
                    own.isEmpty() || nulls == 1
                            ? null
                            : array(own.stream().map(Common::value).toList()),
                    own.isEmpty() || nulls == 1
                            ? null
                            : own.stream()
                                    .map(one -> Float.toString((float) (one.frequency() * scale)))
                                    .collect(Collectors.joining(",", "{", "}")),
                    bounds.size() < 2 || nulls == 1 ? null : array(bounds),
                    key.correlation(),
                    null,
                    null,
                    null,
                    null,
                    null,
                    null));
        }
        return all;
    }

    /**
     * The part of the histogram within a range. Where the range ends within a bin of the whole, the smaller part of
     * that bin joins the next one, so that all bins stay about as full.
     *
     * @param start how many bins of the whole are before the range
     * @param end the same for its end
     */
    private List<String> within(Place place, List<Integer> boundAt, double start, double end) {
        List<String> bounds = new ArrayList<>();
        int first = boundAt.indexOf(place.bucket());
        if (first >= 0) {
            bounds.addAll(histogram.subList(first, boundAt.lastIndexOf(place.bucket()) + 1));
        }
        if (place.from() != null && boundAt.stream().anyMatch(at -> at < place.bucket())) {
            if (bounds.size() > 1 && Math.ceil(start) - start < 0.5) {
                bounds.removeFirst();
            }
            bounds.addFirst(place.from());
        }
        if (place.to() != null && boundAt.stream().anyMatch(at -> at > place.bucket())) {
            if (bounds.size() > 1 && end - Math.floor(end) < 0.5) {
                bounds.removeLast();
            }
            bounds.add(place.to());
        }
        return bounds.stream().distinct().toList();
    }

    private List<Integer> buckets(List<String> values, List<String> bounds) throws SQLException {
        return owner.query(
                "SELECT width_bucket(v::" + type + ", " + texts(bounds) + "::" + type + "[]) FROM unnest("
                        + texts(values) + ") WITH ORDINALITY u(v, n) ORDER BY n",
                row -> row.getInt(1));
    }

    private List<Integer> hashed(int partitions) throws SQLException {
        // A partitioned table of one column of the type, to ask which partition a value is for.
        owner.execute("BEGIN READ WRITE");
        try {
            owner.execute("CREATE TABLE " + ExtendedStatisticsRestorer.SCRATCH_SCHEMA + ".hashed (k " + type
                    + ") PARTITION BY HASH (k)");
            return owner.query(
                    "SELECT (SELECT r FROM generate_series(0, " + (partitions - 1)
                            + ") r WHERE satisfies_hash_partition('" + ExtendedStatisticsRestorer.SCRATCH_SCHEMA
                            + ".hashed'::regclass, " + partitions + ", r, v::" + type + ")) FROM unnest("
                            + texts(common.stream().map(Common::value).toList())
                            + ") WITH ORDINALITY u(v, n) ORDER BY n",
                    row -> row.getInt(1));
        } finally {
            owner.execute("ROLLBACK");
        }
    }

    private String array(List<String> values) throws SQLException {
        return owner.text("SELECT (" + texts(values) + "::" + type + "[])::text")
                .orElseThrow(() -> new SQLException("no values"));
    }

    private static String texts(List<String> values) {
        return values.stream().map(Sql::literal).collect(Collectors.joining(", ", "ARRAY[", "]::text[]"));
    }
}
