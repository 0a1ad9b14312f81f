package dev.hone.twin;

import dev.hone.change.CreateIndex;

/**
 * An index that exists only in the twin.
 *
 * @param oid its oid in the twin
 * @param sizeBytes size that a fresh build of it on the source is expected to have, in bytes; on a partitioned table,
 *     that of all partitions together
 * @param pages the same in pages of 8 kB
 * @param tuples rows it would hold
 */
public record HypotheticalIndex(CreateIndex definition, long oid, long sizeBytes, long pages, double tuples) {}
