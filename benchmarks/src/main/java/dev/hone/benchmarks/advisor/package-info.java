/** Hone's index advisor beside the published ones, on the data and queries they were measured on. */
@NullMarked
package dev.hone.benchmarks.advisor;

import org.jspecify.annotations.NullMarked;
