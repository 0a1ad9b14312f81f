package dev.hone.twin;

/**
 * Something of the source that the twin does not have, so that plans that hang on it may differ.
 *
 * @param object what it is: "index public.orders_geom_idx"
 * @param reason why it is missing, in PostgreSQL's words or ours
 */
public record Omission(String object, String reason) {}
