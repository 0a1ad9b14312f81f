package dev.hone.postgres;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * A server's version as {@code server_version_num} gives it: 180004 is 18.4.
 *
 * @param number {@code server_version_num}
 */
public record ServerVersion(@JsonValue int number) implements Comparable<ServerVersion> {

    /** The oldest and newest major versions that Hone is tested with. */
    public static final int OLDEST_MAJOR = 13;

    public static final int NEWEST_MAJOR = 18;

    @JsonCreator
    public ServerVersion {
        if (number < 10_000) {
            throw new IllegalArgumentException("not a server_version_num: " + number);
        }
    }

    public int major() {
        return number / 10_000;
    }

    public int minor() {
        return number % 10_000;
    }

    public boolean isAtLeast(int major) {
        return major() >= major;
    }

    @Override
    public int compareTo(ServerVersion other) {
        return Integer.compare(number, other.number);
    }

    @Override
    public String toString() {
        return major() + "." + minor();
    }
}
