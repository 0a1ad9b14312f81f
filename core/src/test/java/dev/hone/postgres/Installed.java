package dev.hone.postgres;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.hone.HoneException;
import dev.hone.Progress;

/** PostgreSQL of other majors for tests: skipped where it cannot be had, unless nothing may be skipped. */
public final class Installed {

    private Installed() {}

    /** 18, or the major that {@code -Dhone.major} names: for tests that hold for every major. */
    public static Installation chosen() {
        return major(Integer.getInteger("hone.major", Installation.EMBEDDED_MAJOR));
    }

    /** Whether that major is this one or a newer one. */
    public static boolean chosenIsAtLeast(int major) {
        return Integer.getInteger("hone.major", Installation.EMBEDDED_MAJOR) >= major;
    }

    public static Installation major(int major) {
        try {
            return Installation.of(major, Progress.NONE);
        } catch (HoneException e) {
            if ("true".equals(System.getenv("HONE_REQUIRE_REAL"))) {
                throw e;
            }
            return abort(e.getMessage());
        }
    }
}
