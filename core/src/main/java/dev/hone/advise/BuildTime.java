package dev.hone.advise;

/**
 * How long a change takes: an estimate, since nobody knows the server's disks and load from its catalogs.
 *
 * @param fromSeconds with everything in the cache and nothing else to do
 * @param toSeconds with everything on a slow disk and other work going on
 */
public record BuildTime(double fromSeconds, double toSeconds) {

    public BuildTime {
        if (!(fromSeconds >= 0 && fromSeconds <= toSeconds)) {
            throw new IllegalArgumentException("not a range of seconds: " + fromSeconds + " to " + toSeconds);
        }
    }
}
