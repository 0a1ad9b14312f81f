/**
 * The planner's double: a local, empty PostgreSQL whose catalogs and file lengths make its planner believe that it is
 * the source. What-if questions are asked here; the source is only read.
 */
@org.jspecify.annotations.NullMarked
package dev.hone.twin;
