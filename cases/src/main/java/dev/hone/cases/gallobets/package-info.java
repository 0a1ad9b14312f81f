/** A live betting site in the middle of a busy evening. */
@org.jspecify.annotations.NullMarked
package dev.hone.cases.gallobets;
