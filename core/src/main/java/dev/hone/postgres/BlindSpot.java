package dev.hone.postgres;

/**
 * Something that Hone could not see.
 *
 * @param what what is missing and what cannot be said without it
 * @param cure the exact statement that cures it, or the step where it is not a statement
 */
public record BlindSpot(String what, String cure) {}
