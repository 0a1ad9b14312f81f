/** Changes a database safely: without blocking its users, journaled step by step, undoable. One file per change. */
@org.jspecify.annotations.NullMarked
package dev.hone.change;
