/** Keeps up to date what is derived from tables: triggers that queue what changed, and the worker that acts on it. */
@org.jspecify.annotations.NullMarked
package dev.hone.upkeep;
