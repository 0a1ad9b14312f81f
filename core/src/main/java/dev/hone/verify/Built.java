package dev.hone.verify;

import dev.hone.change.CreateIndex;
import java.util.List;

/**
 * An index that was built to be tried.
 *
 * @param wanted what it stands for
 * @param name its name where it was built, unquoted
 * @param bytes what it really takes
 */
record Built(CreateIndex wanted, String name, long oid, long table, long bytes) {

    /** The same index under a name that no other has. */
    static CreateIndex named(CreateIndex wanted, String name) {
        return new CreateIndex(
                wanted.schema(),
                wanted.table(),
                name,
                wanted.unique(),
                wanted.method(),
                wanted.keys(),
                wanted.include(),
                wanted.predicate());
    }

    /** The oids, with commas. */
    static String oids(List<Built> indexes) {
        return indexes.stream()
                .map(index -> Long.toString(index.oid()))
                .collect(java.util.stream.Collectors.joining(", "));
    }

    /** The oids of their tables, with commas. */
    static String tables(List<Built> indexes) {
        return indexes.stream()
                .map(index -> Long.toString(index.table()))
                .distinct()
                .collect(java.util.stream.Collectors.joining(", "));
    }
}
