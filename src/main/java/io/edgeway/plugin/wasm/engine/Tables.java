package io.edgeway.plugin.wasm.engine;

import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.OpcodeImpl;
import com.dylibso.chicory.runtime.TableInstance;
import com.dylibso.chicory.runtime.WasmRuntimeException;
import com.dylibso.chicory.wasm.types.Element;
import com.dylibso.chicory.wasm.types.PassiveElement;

/** The instructions on tables that work on many entries, with the bounds that the specification wants. */
final class Tables {
    private Tables() {}

    /** @throws WasmRuntimeException if there is no such entry */
    static int get(TableInstance table, int index) {
        bounds(table.size(), index, 1);
        return table.ref(index);
    }

    /** @return the size before, or -1 if the table must not grow so far */
    static int grow(Instance instance, int table, int count, int value) {
        TableInstance grown = instance.table(table);
        return count < 0 || (long) grown.size() + count > grown.limits().max()
                ? -1
                : grown.grow(count, value, instance);
    }

    /**
     * Initializes, copies or fills, as the step says.
     *
     * @param second the first entry of the source, or the value to fill with
     * @param from the segment or the table that is named first in the instruction
     * @param to the table that is named second
     */
    static void write(Instance instance, int step, int at, int second, int count, int from, int to) {
        switch (step) {
            case Op.TABLE_INIT -> {
                Element element = instance.element(from);
                bounds(element instanceof PassiveElement ? element.elementCount() : 0, second, count);
                bounds(instance.table(to).size(), at, count);
                OpcodeImpl.TABLE_INIT(instance, to, from, count, second, at);
            }
            case Op.TABLE_COPY -> copy(instance, instance.table(to), second, instance.table(from), at, count);
            default -> {
                bounds(instance.table(from).size(), at, count);
                OpcodeImpl.TABLE_FILL(instance, from, count, second, at);
            }
        }
    }

    private static void copy(
            Instance instance, TableInstance source, int from, TableInstance target, int at, int count) {
        bounds(source.size(), from, count);
        bounds(target.size(), at, count);
        for (int i = 0; i < count; i++) {
            int step = at <= from ? i : count - 1 - i;
            target.setRef(at + step, source.ref(from + step), instance);
        }
    }

    private static void bounds(int size, int at, int count) {
        if (at < 0 || count < 0 || (long) at + count > size) {
            throw new WasmRuntimeException("out of bounds table access");
        }
    }
}
