package dev.hone.postgres;

import com.fasterxml.jackson.annotation.JsonValue;

/**
 * A password. Prints and serialises as asterisks, so that it cannot reach a log, a file or a message by accident.
 *
 * @param reveal the password itself; only for handing to the driver
 */
public record Secret(String reveal) {

    @Override
    @JsonValue
    public String toString() {
        return "****";
    }
}
