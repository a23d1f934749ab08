package io.edgeway;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.benmanes.caffeine.cache.Cache;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.netty.buffer.ByteBuf;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What would break the binary's build only after minutes, told in a second. */
class NativeImageTest {
    private static final String PROPERTIES = "/META-INF/native-image/io.edgeway/edgeway/native-image.properties";
    private static final String AT_RUN_TIME = "--initialize-at-run-time=";

    private final JavaClasses classes = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.edgeway");

    /** Classes are initialised while the image is built; a buffer or a seeded generator cannot be part of it. */
    @Test
    void classesInitialisedAtBuildTimeHoldNothingThatBelongsToTheRun() throws IOException {
        fields().that()
                .areStatic()
                .and()
                .areDeclaredInClassesThat(not(initialisedAtRunTime()))
                .should()
                .notHaveRawType(assignableTo(Buffer.class))
                .andShould()
                .notHaveRawType(assignableTo(ByteBuf.class))
                .andShould()
                .notHaveRawType(assignableTo(Random.class))
                .andShould()
                .notHaveRawType(assignableTo(Thread.class))
                .because("their classes would have to be named in native-image.properties")
                .check(classes);
    }

    /** What a record gets from the compiler is made of method handles, which the binary interprets on every look-up. */
    @Test
    void recordsThatAreKeysSayHowTheyAreEqual() throws IOException {
        List<String> slow = new ArrayList<>();
        for (JavaClass type : classes) {
            for (Field field : type.reflect().getDeclaredFields()) {
                if (field.getGenericType() instanceof ParameterizedType generic
                        && generic.getActualTypeArguments()[0] instanceof Class<?> key
                        && key.isRecord()
                        && isHashed(field.getType())
                        && linksMethodHandles(key)) {
                    slow.add(key.getName());
                }
            }
        }
        assertThat(slow).isEmpty();
    }

    private static boolean isHashed(Class<?> type) {
        return Map.class.isAssignableFrom(type)
                || Set.class.isAssignableFrom(type)
                || Cache.class.isAssignableFrom(type);
    }

    private static boolean linksMethodHandles(Class<?> type) throws IOException {
        String file = type.getName().substring(type.getPackageName().length() + 1) + ".class";
        try (InputStream in = type.getResourceAsStream(file)) {
            return ClassFile.of().parse(in.readAllBytes()).methods().stream()
                    .filter(method -> method.methodName().equalsString("equals")
                            || method.methodName().equalsString("hashCode"))
                    .flatMap(method -> method.code().orElseThrow().elementStream())
                    .anyMatch(InvokeDynamicInstruction.class::isInstance);
        }
    }

    private static DescribedPredicate<JavaClass> initialisedAtRunTime() throws IOException {
        Properties properties = new Properties();
        try (InputStream in = NativeImageTest.class.getResourceAsStream(PROPERTIES)) {
            properties.load(in);
        }
        List<String> names = Arrays.stream(properties.getProperty("Args").split(" "))
                .filter(argument -> argument.startsWith(AT_RUN_TIME))
                .flatMap(argument ->
                        Arrays.stream(argument.substring(AT_RUN_TIME.length()).split(",")))
                .toList();
        return DescribedPredicate.describe("initialised at run time", type -> names.stream()
                .anyMatch(name -> type.getName().equals(name) || type.getName().startsWith(name + '.')));
    }
}
