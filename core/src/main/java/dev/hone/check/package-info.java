/** What is wrong with a database. One SQL resource per check; this package turns what they return into findings. */
@org.jspecify.annotations.NullMarked
package dev.hone.check;
