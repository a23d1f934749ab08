package io.edgeway;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The floors of the house: a package imports only from floors below it, and never from a room beside it. */
class HouseTest {
    private static final String ROOT = "io.edgeway";

    /** From the top down. Rooms of one floor do not know each other. */
    private static final List<List<String>> FLOORS = List.of(
            List.of(""),
            List.of("command"),
            List.of("server"),
            List.of("assembly"),
            List.of("plugin.*"),
            List.of("backend.*"),
            List.of("embed", "reuse"),
            List.of("pipeline"),
            List.of("state", "batch", "onnx", "trace"),
            List.of("api"),
            List.of("jinja"),
            List.of("json", "sse", "vector", "tokens", "grammar", "config", "memory"));

    private static JavaClasses house;

    @BeforeAll
    static void read() {
        house = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages(ROOT);
    }

    @Test
    void importsRunOneWay() {
        classes()
                .should(new ArchCondition<>("import only from floors below") {
                    @Override
                    public void check(JavaClass owner, ConditionEvents events) {
                        int floor = floor(owner);
                        if (floor < 0) {
                            events.add(SimpleConditionEvent.violated(owner, "no floor for " + owner.getName()));
                            return;
                        }
                        for (Dependency dependency : owner.getDirectDependenciesFromSelf()) {
                            JavaClass target = dependency.getTargetClass();
                            if (!target.getPackageName().startsWith(ROOT)
                                    || room(target).equals(room(owner))) {
                                continue;
                            }
                            if (floor(target) <= floor) {
                                events.add(SimpleConditionEvent.violated(owner, dependency.getDescription()));
                            }
                        }
                    }
                })
                .check(house);
    }

    /** The native binary runs class initializers when it is built: what they make would be the same at every start. */
    @Test
    void nothingOfOneStartIsKeptInAStaticField() {
        fields().that()
                .areStatic()
                .and()
                .haveRawType(assignableTo(Random.class)
                        .or(assignableTo(Thread.class))
                        .or(assignableTo(ByteBuffer.class))
                        .or(assignableTo(Buffer.class))
                        .or(assignableTo(MultiMap.class))
                        .or(assignableTo(ExecutorService.class)))
                .should(new ArchCondition<>("not exist") {
                    @Override
                    public void check(JavaField field, ConditionEvents events) {
                        events.add(SimpleConditionEvent.violated(field, field.getFullName()));
                    }
                })
                .allowEmptyShould(true)
                .check(house);
    }

    @Test
    void onlyTheDoorsSeeAnHttpRequest() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.edgeway.server..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("io.vertx.core.http.HttpServerRequest")
                .check(house);
    }

    @Test
    void pureLibrariesKnowNoFramework() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "io.edgeway.json..",
                        "io.edgeway.sse..",
                        "io.edgeway.jinja..",
                        "io.edgeway.vector..",
                        "io.edgeway.tokens..",
                        "io.edgeway.grammar..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.vertx..", "io.quarkus..", "jakarta..")
                .check(house);
    }

    private static int floor(JavaClass type) {
        String room = room(type);
        for (int i = 0; i < FLOORS.size(); i++) {
            for (String name : FLOORS.get(i)) {
                boolean match =
                        name.endsWith(".*") ? room.startsWith(name.substring(0, name.length() - 1)) : room.equals(name);
                if (match) {
                    return i;
                }
            }
        }
        return -1;
    }

    /** The part of a package's name that makes a room: one segment, two below plugin and backend. */
    private static String room(JavaClass type) {
        String name = type.getPackageName();
        if (name.equals(ROOT)) {
            return "";
        }
        String[] parts = name.substring(ROOT.length() + 1).split("\\.");
        boolean nested = (parts[0].equals("plugin") || parts[0].equals("backend")) && parts.length > 1;
        return nested ? parts[0] + '.' + parts[1] : parts[0];
    }
}
