package dev.hone.cli;

/** How a command writes its result. */
enum Format {
    /** For people. */
    TEXT,
    /** For programs: one document, on standard output. */
    JSON
}
