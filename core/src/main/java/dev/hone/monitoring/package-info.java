/** The schema {@code performance_monitoring}: what Hone leaves in a database for those who work there without it. */
@org.jspecify.annotations.NullMarked
package dev.hone.monitoring;
