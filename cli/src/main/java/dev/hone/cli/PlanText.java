package dev.hone.cli;

import dev.hone.cli.Terminal.Style;
import dev.hone.twin.Plan;
import dev.hone.twin.Plan.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** One plan, or two as one tree, for people: each step with its cost and rows, what changed marked. */
final class PlanText {

    private static final int GAP = 2;

    /** The tree is not squeezed further for the numbers' sake. */
    private static final int NARROWEST_TREE = 24;

    private record Line(String tree, String below, MergedPlan step) {}

    private final Terminal terminal;
    private final List<Line> lines = new ArrayList<>();

    PlanText(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Prints a plan, and what became of it where there is another. */
    void print(Plan before, @Nullable Plan after) {
        List<MergedPlan> roots =
                after == null ? List.of(MergedPlan.only(before.root())) : MergedPlan.of(before.root(), after.root());
        roots.forEach(root -> collect(root, "", ""));
        boolean both = after != null;
        List<List<String>> numbers = new ArrayList<>();
        numbers.add(both ? List.of("cost", "→ cost", "rows", "→ rows") : List.of("cost", "rows"));
        lines.forEach(line -> numbers.add(numbers(line.step(), both)));
        int[] widths = new int[numbers.getFirst().size()];
        for (List<String> row : numbers) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], Paragraph.width(row.get(i)));
            }
        }
        int right = 0;
        for (int width : widths) {
            right += GAP + width;
        }
        int widest = lines.stream()
                .mapToInt(line -> 2
                        + Paragraph.width(
                                line.tree() + PlanStep.label(line.step().node())))
                .max()
                .orElse(0);
        int left = Math.max(NARROWEST_TREE, Math.min(widest, terminal.columns() - right));
        terminal.println(" ".repeat(left) + terminal.styled(Style.BOLD, aligned(numbers.getFirst(), widths)));
        for (int i = 0; i < lines.size(); i++) {
            print(lines.get(i), aligned(numbers.get(i + 1), widths), left, both);
        }
    }

    private void collect(MergedPlan step, String tree, String below) {
        lines.add(new Line(tree, below, step));
        List<MergedPlan> children = step.children();
        for (int i = 0; i < children.size(); i++) {
            boolean last = i == children.size() - 1;
            collect(children.get(i), below + (last ? "└─ " : "├─ "), below + (last ? "   " : "│  "));
        }
    }

    private void print(Line line, String numbers, int left, boolean both) {
        MergedPlan step = line.step();
        Style style = !both ? null : step.before() == null ? Style.GREEN : step.after() == null ? Style.RED : null;
        String mark =
                !both ? "" : step.before() == null ? "+ " : step.after() == null ? "- " : changed(step) ? "~ " : "  ";
        String bar = step.children().isEmpty() ? "   " : "│  ";
        boolean one = step.before() == null || step.after() == null;
        String below = (one ? mark : " ".repeat(mark.length())) + line.below();
        List<String> label = Paragraph.wrap(mark + line.tree(), PlanStep.label(step.node()), left)
                .lines()
                .toList();
        String first = label.getFirst();
        if (Paragraph.width(first) > left) {
            terminal.println(styled(style, first));
            terminal.println(" ".repeat(left) + styled(style, numbers));
        } else {
            terminal.println(styled(style, first + " ".repeat(left - Paragraph.width(first)) + numbers));
        }
        label.stream()
                .skip(1)
                .forEach(more -> terminal.println(
                        styled(style, below + more.substring(Math.min(below.length(), more.length())))));
        Node before = step.before();
        Node after = step.after();
        if (before != null && after != null && !PlanStep.details(before).equals(PlanStep.details(after))) {
            List<String> had = PlanStep.details(before);
            List<String> has = PlanStep.details(after);
            had.forEach(detail -> {
                if (!has.contains(detail)) {
                    detail("-" + below.substring(1) + bar, detail, Style.RED);
                }
            });
            has.forEach(detail -> detail(
                    (had.contains(detail) ? " " : "+") + below.substring(1) + bar,
                    detail,
                    had.contains(detail) ? Style.DIM : Style.GREEN));
        } else {
            PlanStep.details(step.node())
                    .forEach(detail -> detail(below + bar, detail, style == null ? Style.DIM : style));
        }
    }

    private void detail(String prefix, String detail, Style style) {
        boolean first = true;
        for (String line : Paragraph.wrap(prefix + "  ", detail, terminal.columns())
                .lines()
                .toList()) {
            terminal.println(terminal.styled(
                    style, first ? line : prefix + line.substring(Math.min(prefix.length(), line.length()))));
            first = false;
        }
    }

    private String styled(@Nullable Style style, String text) {
        return style == null ? text : terminal.styled(style, text);
    }

    private static boolean changed(MergedPlan step) {
        Node before = step.before();
        Node after = step.after();
        return before != null
                && after != null
                && (before.totalCost() != after.totalCost() || before.rows() != after.rows());
    }

    private static List<String> numbers(MergedPlan step, boolean both) {
        List<String> numbers = new ArrayList<>();
        for (ToDoubleFunction<Node> what : List.<ToDoubleFunction<Node>>of(Node::totalCost, Node::rows)) {
            numbers.add(number(step.before(), what));
            if (both) {
                numbers.add(number(step.after(), what));
            }
        }
        return numbers;
    }

    private static String number(@Nullable Node node, ToDoubleFunction<Node> what) {
        return node == null ? "" : number(what.applyAsDouble(node));
    }

    static String number(double value) {
        return value == Math.rint(value) && value < 1e15
                ? String.format(Locale.ROOT, "%,.0f", value)
                : Words.number(value);
    }

    private static String aligned(List<String> cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            line.append(" ".repeat(GAP + widths[i] - Paragraph.width(cells.get(i))))
                    .append(cells.get(i));
        }
        return line.toString();
    }

    /** What the change makes of the cost: {@code cost 12,345 → 12 (1,029 times cheaper)}. */
    static String total(double before, double after) {
        return "cost " + number(before) + " → " + number(after) + " (" + ratio(before, after) + ")";
    }

    private static String ratio(double before, double after) {
        double factor = Math.max(before, after) / Math.max(1e-9, Math.min(before, after));
        if (factor < 1.0005) {
            return "no change";
        }
        String word = after < before ? "cheaper" : "dearer";
        if (factor < 2) {
            return Words.percent(Math.abs(after - before) / before) + " " + word;
        }
        return Words.number(factor).replaceFirst("\\.0+$", "") + " times " + word;
    }
}
