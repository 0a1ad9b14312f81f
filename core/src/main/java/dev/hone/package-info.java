/** What every stage of Hone shares: how it fails, how it shows progress, how it writes JSON. */
@org.jspecify.annotations.NullMarked
package dev.hone;
