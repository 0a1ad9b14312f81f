package dev.hone.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What Linux knows of a process; see proc(5). */
final class Proc {

    private static final double TICKS_PER_SECOND = 100;

    private Proc() {}

    /** Processor time of those children of a process that have ended, in seconds. */
    static double childrenSeconds(long pid) throws IOException {
        return seconds(pid, 16, 17);
    }

    /** Processor time of a process and of those of its children that have ended, in seconds. */
    static double treeSeconds(long pid) throws IOException {
        return seconds(pid, 14, 15, 16, 17);
    }

    private static double seconds(long pid, int... wanted) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        // The name of the program is in parentheses and may hold anything; after it comes the third field.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        long ticks = 0;
        for (int field : wanted) {
            ticks += Long.parseLong(fields[field - 3]);
        }
        return ticks / TICKS_PER_SECOND;
    }

    /** The most memory that a process has held so far, in bytes; 0 if it has ended. */
    static long peakBytes(long pid) throws IOException {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/status"))
                            .lines()
                            .filter(line -> line.startsWith("VmHWM:"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                            .findFirst()
                            .orElse(0)
                    * 1024;
        } catch (NoSuchFileException e) {
            return 0;
        } catch (IOException e) {
            // It ended between opening and reading (ESRCH).
            if (Files.exists(Path.of("/proc/" + pid))) {
                throw e;
            }
            return 0;
        }
    }
}
