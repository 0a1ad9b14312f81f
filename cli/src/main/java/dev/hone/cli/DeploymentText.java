package dev.hone.cli;

import dev.hone.change.DeploymentPlan;
import dev.hone.change.DeploymentRecord;
import dev.hone.change.DeploymentResult;
import dev.hone.change.GuardNote;
import dev.hone.change.PreCheck;
import dev.hone.change.StepState;
import dev.hone.cli.Terminal.Style;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Deployments for people: what would be done, what was done, what the journal says. */
final class DeploymentText {

    private final Terminal terminal;

    DeploymentText(Terminal terminal) {
        this.terminal = terminal;
    }

    void print(DeploymentPlan plan) {
        printChecks(plan.checks());
        for (DeploymentPlan.Step step : plan.steps()) {
            String mark = step.ready() ? terminal.styled(Style.GREEN, "○") : terminal.styled(Style.RED, "✖");
            terminal.println(mark + " " + step.number() + ". "
                    + terminal.styled(Style.BOLD, step.change().title()));
            if (!step.note().isEmpty()) {
                terminal.println(wrap("     ", step.note()));
            }
            step.sql().forEach(sql -> terminal.println("     " + sql + ";"));
            terminal.println(wrap("     lock  ", step.locks()));
            if (step.undoSql().isEmpty() && step.ready()) {
                String why = step.change().irreversible();
                terminal.println(wrap("     undo  ", why.isEmpty() ? "there is nothing to take back" : "none: " + why));
            }
            step.undoSql().forEach(sql -> terminal.println("     undo  " + sql + ";"));
        }
        terminal.println(
                plan.ready()
                        ? "Nothing was changed. Without --dry-run these steps are made, one after the other."
                        : "Nothing was changed, and nothing would be: see what is marked above.");
    }

    /** What was done; the checks are told beforehand. */
    void print(DeploymentResult result) {
        printSteps(result);
        terminal.println(wrap(terminal.styled(Style.BOLD, result.deployment()) + "  ", result.next()));
    }

    /** What is taken back of several deployments, and what not. */
    void printUndone(List<DeploymentResult> results) {
        line("Taken back", results, result -> result.complete() && !kept(result));
        line("Taken back but for what was left as it is", results, result -> result.complete() && kept(result));
        line("Not taken back", results, result -> !result.complete());
        if (!results.getLast().complete()) {
            terminal.println("Remove the cause and run hone undo --all again: it goes on there.");
        }
    }

    private static boolean kept(DeploymentResult result) {
        return result.steps().stream().anyMatch(step -> step.state() == StepState.KEPT);
    }

    private void line(String what, List<DeploymentResult> results, Predicate<DeploymentResult> which) {
        List<String> ids =
                results.stream().filter(which).map(DeploymentResult::deployment).toList();
        if (!ids.isEmpty()) {
            terminal.println(wrap(what + ": ", String.join(", ", ids) + "."));
        }
    }

    void printSteps(DeploymentResult result) {
        for (DeploymentResult.Step step : result.steps()) {
            line(step.number(), step.title(), step.state(), step.detail());
        }
    }

    void print(List<DeploymentRecord> deployments) {
        if (deployments.isEmpty()) {
            terminal.println("Hone has changed nothing in this database.");
        }
        for (DeploymentRecord deployment : deployments) {
            terminal.println(terminal.styled(Style.BOLD, deployment.id()) + "  begun "
                    + deployment.createdAt().truncatedTo(ChronoUnit.SECONDS)
                    + (deployment.unfinished() ? "  unfinished: apply the same proposal again" : "")
                    + guard(deployment)
                    + (deployment.undoUnfinished() ? "  undo unfinished: run hone undo again" : "")
                    + single(deployment));
            for (DeploymentRecord.Step step : deployment.steps()) {
                @Nullable String detail = step.error() != null ? step.error() : step.details();
                line(step.number(), step.title(), step.state(), detail == null ? "" : detail);
            }
        }
    }

    private static String guard(DeploymentRecord deployment) {
        GuardNote guard = deployment.guard();
        if (guard == null) {
            return "";
        }
        return switch (guard.state()) {
            case WATCHING ->
                deployment.unguarded()
                        ? "  applied, and not guarded to the end: apply the same proposal again with --guard, or take it"
                                + " back with hone undo"
                        : "";
            case KEPT -> "  guarded: kept";
            case INCONCLUSIVE -> "  guarded: undecided";
            case ROLLING_BACK ->
                "  guarded: to be taken back, and not yet so: run hone undo " + deployment.id()
                        + ", or apply the same proposal again with --guard";
            case ROLLED_BACK -> "  guarded: taken back";
        };
    }

    /** What became of steps that were taken back by themselves. */
    private static String single(DeploymentRecord deployment) {
        StringBuilder text = new StringBuilder();
        for (DeploymentRecord.Step step : deployment.stepsUndoing()) {
            text.append("  undo of step ")
                    .append(step.number())
                    .append(" unfinished: run hone undo --step ")
                    .append(step.number())
                    .append(' ')
                    .append(deployment.id())
                    .append(" again");
        }
        if (!deployment.undoUnfinished() && !deployment.stepsUndone().isEmpty()) {
            text.append(deployment.stepsUndone().stream()
                    .map(step -> String.valueOf(step.number()))
                    .collect(Collectors.joining(", ", "  taken back by itself: step ", "")));
            text.append(deployment.resumable() ? "; apply the same proposal again to make it again" : "");
        }
        return text.toString();
    }

    void printChecks(List<PreCheck> checks) {
        for (PreCheck check : checks) {
            String mark = switch (check.level()) {
                case FINE -> terminal.styled(Style.GREEN, "✔ ");
                case WARNING -> terminal.styled(Style.YELLOW, "▲ ");
                case REFUSED -> terminal.styled(Style.RED, "✖ ");
            };
            terminal.println(wrap(mark, check.message()));
            if (!check.advice().isEmpty()) {
                terminal.println(wrap("    ", check.advice()));
            }
        }
    }

    private void line(int number, String title, StepState state, String detail) {
        Style style = switch (state) {
            case APPLIED, ALREADY, UNDONE -> Style.GREEN;
            case FAILED -> Style.RED;
            case PLANNED, KEPT -> Style.DIM;
            case INTENDED, UNDOING -> Style.YELLOW;
        };
        String mark = switch (state) {
            case APPLIED, ALREADY, UNDONE -> "✔";
            case FAILED -> "✖";
            case PLANNED, KEPT -> "○";
            case INTENDED, UNDOING -> "…";
        };
        terminal.println(terminal.styled(style, mark) + " " + number + ". " + title + "  "
                + terminal.styled(style, state.name().toLowerCase(Locale.ROOT)));
        if (!detail.isEmpty()) {
            terminal.println(wrap("     ", detail));
        }
    }

    private String wrap(String prefix, String text) {
        return Paragraph.wrap(prefix, text, terminal.columns());
    }
}
