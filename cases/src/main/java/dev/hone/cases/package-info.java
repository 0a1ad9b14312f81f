/** Slow applications to try Hone on: each brings its schema, its data, its workload and the targets it must reach. */
@org.jspecify.annotations.NullMarked
package dev.hone.cases;
