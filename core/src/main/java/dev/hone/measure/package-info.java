/** Puts load on a database, measures, compares before with after, and judges against targets. */
@org.jspecify.annotations.NullMarked
package dev.hone.measure;
