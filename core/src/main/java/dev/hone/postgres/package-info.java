/**
 * Talks to one PostgreSQL server: connects politely, reads a {@link dev.hone.postgres.Snapshot} of it, and runs local
 * servers of our own. Knows nothing of the stages that come after.
 */
@org.jspecify.annotations.NullMarked
package dev.hone.postgres;
