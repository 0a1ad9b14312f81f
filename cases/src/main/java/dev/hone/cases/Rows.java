package dev.hone.cases;

import java.util.List;

/**
 * The rows of one table, made one after the other. Used by one thread only.
 */
public interface Rows {

    /** The table's name, as the schema creates it. */
    String table();

    /** The columns that {@link #write} fills, in its order; the first is the identity column. */
    List<String> columns();

    /** How many rows there are. */
    long count();

    /**
     * Writes the next row.
     *
     * @param id of the row: 1 at the first call, then 2, 3 …
     */
    void write(long id, CopyText out);
}
