package dev.hone.change;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import dev.hone.Json;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * A change as somebody has written it in JSON. It is looked at before it is read, so that what is wrong with it is said
 * by the names of its kind and its field. A field that is not known is refused: whoever misspelt it meant something.
 */
public final class WrittenChange {

    private static final String TYPE = "type";
    private static final int MOST_SHOWN = 60;

    /** Its name, or empty, and that as a phrase. */
    private final String kind;

    private final String ofKind;
    private final List<String> problems = new ArrayList<>();

    private WrittenChange(String kind) {
        this.kind = kind;
        this.ofKind = kind.isEmpty() ? "" : " of " + kind;
    }

    /** The kind of change that it names; empty if there is no such kind. */
    public static Optional<String> kind(JsonNode json) {
        return Optional.of(json.path(TYPE).asString("")).filter(kinds(Change.class)::containsKey);
    }

    /** What is wrong with it, a phrase each; empty if it can be read. */
    public static List<String> problems(JsonNode json) {
        WrittenChange change = new WrittenChange(kind(json).orElse(""));
        if (json.isObject()) {
            change.ofSomeKind(json, Change.class, "");
        } else {
            change.problems.add("the change must be an object, not " + shown(json));
        }
        if (change.problems.isEmpty()) {
            change.tryReading(json);
        }
        return List.copyOf(change.problems);
    }

    /** What its fields mean together is its own record's business. */
    private void tryReading(JsonNode json) {
        try {
            Json.MAPPER.treeToValue(json, Change.class);
        } catch (JacksonException e) {
            String why = e.getCause() instanceof IllegalArgumentException cause
                    ? String.valueOf(cause.getMessage())
                    : e.getOriginalMessage();
            problems.add(kind + ": " + why.lines().findFirst().orElse("it cannot be read"));
        }
    }

    /** An object whose {@code type} says of which record it is. */
    private void ofSomeKind(JsonNode node, Class<?> of, String path) {
        Map<String, Class<?>> kinds = kinds(of);
        JsonNode type = node.path(TYPE);
        @Nullable Class<?> found = type.isString() ? kinds.get(type.stringValue()) : null;
        if (found != null) {
            fields(node, found, path, Set.of(TYPE));
        } else {
            wrong(path + TYPE, type, "one of " + String.join(", ", kinds.keySet()));
        }
    }

    private void fields(JsonNode node, Class<?> record, String path, Set<String> besides) {
        Set<String> known = new LinkedHashSet<>();
        for (RecordComponent component : record.getRecordComponents()) {
            String name = component.getName();
            known.add(name);
            JsonNode value = node.path(name);
            if (!(value.isMissingNode() || value.isNull()) || !mayBeAbsent(component)) {
                value(path + name, value, component.getGenericType());
            }
        }
        for (String name : node.propertyNames()) {
            if (!known.contains(name) && !besides.contains(name)) {
                problems.add("there is no field " + quoted(path + name) + ofKind + " (its fields: "
                        + String.join(", ", known) + ")");
            }
        }
    }

    private static boolean mayBeAbsent(RecordComponent component) {
        return component.isAnnotationPresent(MayBeAbsent.class)
                || component.getAnnotatedType().isAnnotationPresent(Nullable.class);
    }

    private void value(String path, JsonNode node, Type type) {
        if (type instanceof ParameterizedType generic && generic.getRawType() == List.class) {
            if (!node.isArray()) {
                wrong(path, node, "a list");
            }
            for (int i = 0; i < node.size(); i++) {
                value(path + "[" + i + "]", node.path(i), generic.getActualTypeArguments()[0]);
            }
        } else if (type instanceof ParameterizedType generic && generic.getRawType() == Map.class) {
            if (!node.isObject()) {
                wrong(path, node, "an object");
            }
            for (Map.Entry<String, JsonNode> entry : node.properties()) {
                value(path + "." + entry.getKey(), entry.getValue(), generic.getActualTypeArguments()[1]);
            }
        } else if (type instanceof Class<?> plain) {
            value(path, node, plain);
        } else {
            throw new IllegalStateException("no JSON is known for " + type);
        }
    }

    private void value(String path, JsonNode node, Class<?> type) {
        if (type.isRecord() || type.isInterface()) {
            if (!node.isObject()) {
                wrong(path, node, "an object");
            } else if (type.isRecord()) {
                fields(node, type, path + ".", Set.of());
            } else {
                ofSomeKind(node, type, path + ".");
            }
        } else if (type == String.class) {
            require(node.isString(), path, node, "a text");
        } else if (type == boolean.class) {
            require(node.isBoolean(), path, node, "true or false");
        } else if (type == int.class || type == Integer.class) {
            require(node.isIntegralNumber() && node.canConvertToInt(), path, node, "a whole number");
        } else if (type == long.class || type == Long.class) {
            require(node.isIntegralNumber() && node.canConvertToLong(), path, node, "a whole number");
        } else if (type == Double.class) {
            require(node.isNumber(), path, node, "a number");
        } else if (type.isEnum()) {
            List<String> words = Arrays.stream(type.getEnumConstants())
                    .map(one -> Json.MAPPER.valueToTree(one).stringValue())
                    .toList();
            require(
                    node.isString() && words.contains(node.stringValue()),
                    path,
                    node,
                    "one of " + String.join(", ", words));
        } else {
            throw new IllegalStateException("no JSON is known for " + type);
        }
    }

    private void require(boolean fine, String path, JsonNode node, String wanted) {
        if (!fine) {
            wrong(path, node, wanted);
        }
    }

    private void wrong(String path, JsonNode node, String wanted) {
        problems.add("the field " + quoted(path) + ofKind
                + (node.isMissingNode()
                        ? " is missing: it must be " + wanted
                        : " must be " + wanted + ", not " + shown(node)));
    }

    private static String quoted(String name) {
        return '"' + name + '"';
    }

    private static String shown(JsonNode node) {
        String text = node.toString();
        return node.isObject()
                ? "an object"
                : node.isArray() ? "a list" : text.length() > MOST_SHOWN ? text.substring(0, MOST_SHOWN) + "…" : text;
    }

    private static Map<String, Class<?>> kinds(Class<?> type) {
        Map<String, Class<?>> kinds = new LinkedHashMap<>();
        for (JsonSubTypes.Type one :
                Objects.requireNonNull(type.getAnnotation(JsonSubTypes.class)).value()) {
            kinds.put(one.name(), one.value());
        }
        return kinds;
    }
}
