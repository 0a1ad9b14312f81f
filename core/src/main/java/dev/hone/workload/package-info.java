/** The queries that matter, wherever they were learnt: pg_stat_statements, a script of SQL statements. */
@org.jspecify.annotations.NullMarked
package dev.hone.workload;
