/** What to do about a slow database: works changes out on the twin and writes them down as a Proposal. */
@org.jspecify.annotations.NullMarked
package dev.hone.advise;
