package dev.hone.cases;

import dev.hone.HoneException;
import dev.hone.cases.gallobets.Gallobets;
import java.util.List;
import java.util.stream.Collectors;

/** All the cases there are. */
public final class Cases {

    private static final List<Case> ALL = List.of(new Gallobets());

    private Cases() {}

    /** Every case, in the order to show them. */
    public static List<Case> all() {
        return ALL;
    }

    /**
     * The case of a name.
     *
     * @throws HoneException of kind {@code USAGE} if there is none; its advice lists those there are
     */
    public static Case find(String name) {
        return ALL.stream()
                .filter(one -> one.name().equalsIgnoreCase(name.strip()))
                .findFirst()
                .orElseThrow(() -> HoneException.usage(
                        "There is no case '" + name + "'",
                        "Nothing was run. The cases are: "
                                + ALL.stream().map(Case::name).collect(Collectors.joining(", ")) + "."));
    }
}
