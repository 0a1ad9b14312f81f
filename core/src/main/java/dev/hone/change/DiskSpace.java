package dev.hone.change;

import dev.hone.postgres.Server;
import dev.hone.postgres.Sql;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * Whether what a deployment writes fits on the server's disks. SQL does not tell what is free there, so it is known only
 * if somebody says so, or if the server is on this machine and its directory can be read.
 */
record DiskSpace(Server server, DeployOptions options) {

    /** Below that it is not worth a warning that nobody knows. */
    private static final long LITTLE = 64L << 20;

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final Set<String> LOCAL = Set.of("localhost", "127.0.0.1", "::1");

    /**
     * What is needed.
     *
     * @param data bytes where the database lies: the indexes, and the largest sort on disk
     * @param log bytes where the log lies
     * @param unknown steps that write who knows how much
     */
    private record Need(long data, long log, List<String> unknown) {}

    private record Disk(
            @Nullable String directory,
            long identifier,
            @Nullable String tablespace,
            long sortMemory,
            boolean logged,
            long logKept,
            boolean logStuck) {}

    /**
     * What is free.
     *
     * @param together whether data and log share it
     */
    private record Free(long data, long log, boolean together) {}

    List<PreCheck> check(List<Change> changes) {
        Disk disk;
        try {
            disk = read();
        } catch (JdbiException e) {
            return List.of(PreCheck.warning(
                    "Where the server keeps its data, and how much that is, it does not tell this role.",
                    "See for yourself that there is room for the indexes, and as much again for their log."));
        }
        Need need = need(changes, disk);
        if (need.data() + need.log() == 0) {
            return List.of();
        }
        List<PreCheck> checks = new ArrayList<>();
        String needed = "About " + Size.text(need.data() + need.log()) + " of disk are needed ("
                + Size.text(need.data()) + " for indexes and sorting, " + Size.text(need.log()) + " for their log)";
        Optional<Free> free = options.freeDiskBytes() != null
                ? Optional.of(new Free(options.freeDiskBytes(), options.freeDiskBytes(), true))
                : local(disk);
        if (free.isEmpty()) {
            checks.add(
                    need.data() + need.log() < LITTLE
                            ? PreCheck.fine(needed + "; what is free there cannot be seen from here.")
                            : PreCheck.warning(
                                    needed + "; what is free on the server's disk cannot be seen from here.",
                                    "Look there, and say it: --free-disk SIZE."));
        } else {
            checks.add(judge(need, free.get(), needed));
        }
        if (!need.unknown().isEmpty()) {
            checks.add(PreCheck.warning(
                    "How much disk these steps need is not known: " + String.join(", ", need.unknown()) + ".",
                    "See for yourself that there is room."));
        }
        return checks;
    }

    private static PreCheck judge(Need need, Free free, String needed) {
        boolean fits = free.together()
                ? need.data() + need.log() <= free.data()
                : need.data() <= free.data() && need.log() <= free.log();
        String there = free.together()
                ? Size.text(free.data()) + " are free"
                : Size.text(free.data()) + " are free for the database and " + Size.text(free.log()) + " for the log";
        return fits
                ? PreCheck.fine(needed + ", and " + there + ".")
                : PreCheck.refused(
                        needed + ", but only " + there + ".",
                        "Make room, or apply fewer changes at once. A server whose disk is full stops. If more is free"
                                + " than Hone sees, say so: --free-disk SIZE.");
    }

    private Disk read() {
        return server.read(
                PATIENCE,
                handle -> handle.createQuery(Sql.load(DiskSpace.class, "disk", server.version()))
                        .map((rs, context) -> new Disk(
                                rs.getString("data_directory"),
                                rs.getLong("identifier"),
                                rs.getString("tablespace"),
                                rs.getLong("sort_memory"),
                                rs.getBoolean("logged"),
                                rs.getLong("log_kept"),
                                rs.getBoolean("log_stuck")))
                        .one());
    }

    private Need need(List<Change> changes, Disk disk) {
        long data = 0;
        long log = 0;
        long sort = 0;
        List<String> unknown = new ArrayList<>();
        for (Change change : changes) {
            @Nullable Long bytes = 0L;
            if (change instanceof PartitionTable partition) {
                bytes = space(partition);
            } else if (change instanceof CreateIndex create) {
                bytes = index(
                        create.schema(),
                        create.table(),
                        create.method(),
                        String.join(" ", create.keys()) + " " + String.join(" ", create.include()));
            } else if (change instanceof CreateUniqueConstraint create) {
                bytes = index(create.schema(), create.table(), "btree", String.join(" ", create.columns()));
            } else if (change instanceof Reindex reindex) {
                bytes = size(reindex);
            } else if (change instanceof AddForeignKeyIndex add) {
                bytes = index(add.schema(), add.table(), "btree", String.join(" ", add.columns()));
            } else if (change instanceof CreateMaterializedView || change instanceof RunSql) {
                bytes = null;
            }
            if (bytes == null) {
                unknown.add(change.title());
                continue;
            }
            data += bytes;
            log += disk.logged() ? bytes : 0;
            sort = Math.max(sort, bytes > disk.sortMemory() ? bytes : 0);
        }
        // The server removes log that nobody needs any more.
        return new Need(data + sort, disk.logStuck() ? log : Math.min(log, disk.logKept()), unknown);
    }

    private record Material(double tableBytes, double rows, boolean unknown, double width) {}

    /**
     * The size of an index, roughly: a btree entry has a header of 8 bytes, a pointer of 4 and its columns, aligned to 8,
     * and pages are filled to 90 % (src/include/access/itup.h, nbtree.h).
     */
    private @Nullable Long index(String schema, String table, String method, String columns) {
        Material made = looked(handle -> handle.createQuery(Sql.load(DiskSpace.class, "index_space", server.version()))
                .bind("schema", schema)
                .bind("table", table)
                .bind("text", columns)
                .map((rs, context) -> new Material(
                        rs.getDouble("table_bytes"),
                        rs.getDouble("rows"),
                        rs.getBoolean("unknown"),
                        rs.getDouble("width")))
                .findOne()
                .orElse(new Material(0, 0, false, 0)));
        if (made == null) {
            return null;
        }
        if (method.equals("brin")) {
            return (long) (made.tableBytes() / 500);
        }
        return made.unknown()
                ? (long) made.tableBytes()
                : (long) (made.rows() * (12 + 8 * Math.ceil(made.width() / 8)) / 0.9);
    }

    /** By hash all is copied; by range at most one index is built, over the column and the key. */
    private @Nullable Long space(PartitionTable change) {
        return switch (change.scheme()) {
            case PartitionTable.Ranges ranges -> index(change.schema(), change.table(), "btree", change.column());
            case PartitionTable.Steps steps -> index(change.schema(), change.table(), "btree", change.column());
            case PartitionTable.Hashes hashes ->
                looked(handle -> handle.createQuery(Sql.tag(
                                "table_size", "SELECT coalesce(pg_total_relation_size(to_regclass(:table)), 0)"))
                        .bind("table", change.subject())
                        .mapTo(Long.class)
                        .one());
        };
    }

    private @Nullable Long size(Reindex reindex) {
        return looked(handle -> handle.createQuery(Sql.load(DiskSpace.class, "index_size", server.version()))
                .bind("schema", reindex.schema())
                .bind("name", reindex.name())
                .mapTo(Long.class)
                .findOne()
                .orElse(0L));
    }

    /** Null if somebody keeps the relation from being looked at. */
    private <T> @Nullable T looked(Function<Handle, T> question) {
        try {
            return server.read(PATIENCE, question);
        } catch (JdbiException e) {
            return null;
        }
    }

    /** What is free on this machine, if that is where the server runs: an equal path may be another machine's. */
    private Optional<Free> local(Disk disk) {
        String host = server.address().host();
        if (disk.directory() == null || (host != null && !LOCAL.contains(host) && !host.startsWith("/"))) {
            return Optional.empty();
        }
        try {
            Path directory = Path.of(disk.directory());
            if (identifier(directory) != disk.identifier()) {
                return Optional.empty();
            }
            Path tablespace = disk.tablespace() == null || disk.tablespace().isEmpty()
                    ? directory.resolve("base")
                    : Path.of(disk.tablespace());
            FileStore data = Files.getFileStore(tablespace);
            FileStore log = Files.getFileStore(directory.resolve("pg_wal"));
            return Optional.of(new Free(data.getUsableSpace(), log.getUsableSpace(), data.equals(log)));
        } catch (IOException | RuntimeException e) {
            // Not to be read from here, which is what an empty answer says.
            return Optional.empty();
        }
    }

    /** The identifier that every cluster was given when it was made: the first eight bytes of its control file. */
    private static long identifier(Path directory) throws IOException {
        try (InputStream in = Files.newInputStream(directory.resolve("global/pg_control"))) {
            return ByteBuffer.wrap(in.readNBytes(8))
                    .order(ByteOrder.nativeOrder())
                    .getLong();
        }
    }
}
