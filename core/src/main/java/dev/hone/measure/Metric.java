package dev.hone.measure;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Something that is measured and may have a target. Shares are from 0 to 1. */
public enum Metric {
    P50("p50", "ms"),
    P95("p95", "ms"),
    P99("p99", "ms"),
    REQUESTS_PER_SECOND("requests per second", "/s"),
    /** Failed requests of all requests. */
    ERROR_SHARE("errors", "share"),
    /** Sequential scans of all scans of tables, as the server counted them during the run. */
    SEQUENTIAL_SCAN_SHARE("sequential scans", "share"),
    /** Index scans of all scans of tables, as the server counted them during the run. */
    INDEX_USE_SHARE("index use", "share"),
    /** Bytes that the indexes have grown by, of what tables and indexes were before. Can only be judged against a before. */
    STORAGE_OVERHEAD("storage overhead", "share"),
    /** p95 after as a multiple of p95 before. Can only be judged against a before. */
    P95_RATIO("p95 ratio", "x");

    private final String title;
    private final String unit;

    Metric(String title, String unit) {
        this.title = title;
        this.unit = unit;
    }

    /** What people call it. */
    public String title() {
        return title;
    }

    /** {@code ms}, {@code /s}, {@code share} (0 to 1) or {@code x} (a multiple). */
    public String unit() {
        return unit;
    }

    /** True for p50, p95 and p99. */
    boolean isLatency() {
        return this == P50 || this == P95 || this == P99;
    }

    @JsonValue
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads a label.
     *
     * @throws IllegalArgumentException if it is none
     */
    @JsonCreator
    public static Metric of(String label) {
        return valueOf(label.toUpperCase(Locale.ROOT));
    }
}
