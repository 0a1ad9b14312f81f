package dev.hone.check;

import java.util.List;
import java.util.Optional;

/**
 * What all checks say of one Snapshot. Immutable.
 *
 * @param findings the gravest first; of the same severity in the order of the checks, and within a check the greatest
 *     impact first
 * @param lights one for each check, in their order
 */
public record Diagnosis(List<Finding> findings, List<Light> lights) {

    public Diagnosis {
        findings = List.copyOf(findings);
        lights = List.copyOf(lights);
    }

    /** The highest severity found; empty if nothing was. */
    public Optional<Severity> worst() {
        return findings.stream().map(Finding::severity).max(Severity::compareTo);
    }

    /** What one check found. */
    public List<Finding> findings(String check) {
        return findings.stream()
                .filter(finding -> finding.check().equals(check))
                .toList();
    }

    /** The light of one check; empty if there is no such check. */
    public Optional<Light> light(String check) {
        return lights.stream().filter(light -> light.check().equals(check)).findFirst();
    }
}
