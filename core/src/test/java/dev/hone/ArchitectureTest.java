package dev.hone;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The stages of the data flow depend on each other in one direction only. */
@AnalyzeClasses(packages = "dev.hone", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule STAGES = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("root")
            .definedBy("dev.hone")
            .layer("postgres")
            .definedBy("dev.hone.postgres")
            .layer("workload")
            .definedBy("dev.hone.workload")
            .layer("twin")
            .definedBy("dev.hone.twin")
            .layer("change")
            .definedBy("dev.hone.change")
            .layer("check")
            .definedBy("dev.hone.check")
            .layer("advise")
            .definedBy("dev.hone.advise")
            .layer("measure")
            .definedBy("dev.hone.measure")
            .layer("verify")
            .definedBy("dev.hone.verify")
            .layer("guard")
            .definedBy("dev.hone.guard")
            .layer("monitoring")
            .definedBy("dev.hone.monitoring")
            .layer("upkeep")
            .definedBy("dev.hone.upkeep")
            .whereLayer("postgres")
            .mayOnlyBeAccessedByLayers(
                    "workload",
                    "twin",
                    "change",
                    "check",
                    "advise",
                    "measure",
                    "verify",
                    "guard",
                    "monitoring",
                    "upkeep")
            .whereLayer("workload")
            .mayOnlyBeAccessedByLayers("twin", "advise", "measure", "verify", "guard", "upkeep")
            .whereLayer("twin")
            .mayOnlyBeAccessedByLayers("advise", "verify")
            .whereLayer("change")
            .mayOnlyBeAccessedByLayers("twin", "check", "advise", "verify", "guard", "monitoring", "upkeep")
            .whereLayer("check")
            .mayOnlyBeAccessedByLayers("advise")
            .whereLayer("advise")
            .mayOnlyBeAccessedByLayers("verify")
            .whereLayer("measure")
            .mayOnlyBeAccessedByLayers("verify", "guard")
            .whereLayer("verify")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("guard")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("monitoring")
            .mayOnlyBeAccessedByLayers("upkeep")
            .whereLayer("upkeep")
            .mayNotBeAccessedByAnyLayer();

    @ArchTest
    static final ArchRule NO_CYCLES =
            slices().matching("dev.hone.(*)..").should().beFreeOfCycles();
}
