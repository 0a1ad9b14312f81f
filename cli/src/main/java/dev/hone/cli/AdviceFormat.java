package dev.hone.cli;

/** How advice is written. */
enum AdviceFormat {
    /** For people at a terminal. */
    TEXT,
    /** For programs: the Proposal as one document (docs/proposal.md). */
    JSON,
    /** For the comment of a pull request. */
    MARKDOWN,
    /** One file for a browser. */
    HTML
}
