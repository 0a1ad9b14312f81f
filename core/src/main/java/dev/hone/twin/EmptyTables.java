package dev.hone.twin;

import java.sql.SQLException;

/**
 * Lets every table of the twin point to an empty file for a while, so that what runs meanwhile reads no page of files
 * that only pretend to be long. Nothing else may use the twin then.
 */
final class EmptyTables {

    @FunctionalInterface
    interface Work<T> {
        T run() throws SQLException;
    }

    private static final String SIZES = "relfilenode, relpages, reltuples, relallvisible";

    private EmptyTables() {}

    static <T> T during(Session superuser, Work<T> work) throws SQLException {
        // Only version 18 counts frozen pages.
        String columns = SIZES
                + superuser
                        .text("SELECT ', relallfrozen' FROM pg_attribute WHERE attrelid = 'pg_class'::regclass AND"
                                + " attname = 'relallfrozen'")
                        .orElse("");
        superuser.execute("DROP TABLE IF EXISTS pg_temp.heaps; CREATE TEMP TABLE heaps AS SELECT oid, " + columns
                + " FROM pg_class WHERE relkind IN ('r', 'm') AND oid >= 16384 AND relpersistence = 'p'; "
                + "UPDATE pg_class SET relfilenode = (SELECT relfilenode FROM pg_class WHERE oid ="
                + " 'hone_twin_private.no_rows'::regclass) WHERE oid IN (SELECT oid FROM pg_temp.heaps)");
        try {
            return work.run();
        } finally {
            superuser.execute("UPDATE pg_class c SET (" + columns + ") = (SELECT " + columns
                    + " FROM pg_temp.heaps h WHERE h.oid = c.oid) WHERE oid IN (SELECT oid FROM pg_temp.heaps)");
        }
    }
}
