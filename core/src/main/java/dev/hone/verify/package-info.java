/**
 * Tries advice where it can be measured, and keeps what helped. See docs/measuring.md, "Verified advice".
 */
@org.jspecify.annotations.NullMarked
package dev.hone.verify;
