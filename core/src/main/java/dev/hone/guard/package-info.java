/**
 * Compares before a deployment with after it, and takes the deployment back if something got worse. See docs/guard.md.
 */
@org.jspecify.annotations.NullMarked
package dev.hone.guard;
