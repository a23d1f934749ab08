package io.edgeway.server;

import com.oracle.svm.core.annotate.Alias;
import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import java.util.function.BooleanSupplier;

/**
 * The key by which the binary finds its resources is a record, whose {@code equals} is made of method handles that the
 * binary interprets (oracle/graal#6487): each look through the class path at the start would take milliseconds.
 */
// The hash stays as it is: by it the table was filled when the binary was built.
@SuppressWarnings("EqualsHashCode")
@TargetClass(className = ResourceKey.NAME, onlyWith = ResourceKey.class)
final class ResourceKeySubstitution {
    @Alias
    private Module module;

    @Alias
    private String resource;

    @Substitute
    @Override
    public boolean equals(Object other) {
        return other instanceof ResourceKeySubstitution key && key.module == module && key.resource.equals(resource);
    }
}

/** Another version of the builder may have no such class. */
final class ResourceKey implements BooleanSupplier {
    static final String NAME = "com.oracle.svm.core.jdk.Resources$ModuleInstanceResourceKey";

    @Override
    public boolean getAsBoolean() {
        try {
            Class.forName(NAME, false, ResourceKey.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }
}
