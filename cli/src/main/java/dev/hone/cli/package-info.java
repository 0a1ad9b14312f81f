/** The {@code hone} command: thin, one class per subcommand. */
@org.jspecify.annotations.NullMarked
package dev.hone.cli;
