/** Measurements of Hone beside its peers; what they showed is in docs/benchmarks.md. */
@org.jspecify.annotations.NullMarked
package dev.hone.benchmarks;
