package dev.hone.change;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A session that others wait for.
 *
 * @param pid its server process; 0 for a prepared transaction
 * @param who the same in words
 */
record Blocker(int pid, String who) {

    static String words(List<Blocker> blockers) {
        return blockers.stream().map(Blocker::who).collect(Collectors.joining("; "));
    }

    static Set<Integer> pids(List<Blocker> blockers) {
        return blockers.stream().map(Blocker::pid).collect(Collectors.toUnmodifiableSet());
    }
}
