package io.edgeway.backend.local;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import org.jboss.logging.Logger;

/** The pass over a prompt that is under way: another thread breaks it off when nobody waits for it any more. */
final class ReadingPass {
    private static final Logger LOG = Logger.getLogger(ReadingPass.class);

    private Generation reading;
    private OrtSession.RunOptions pass;

    synchronized void begin(Generation generation, OrtSession.RunOptions options) {
        reading = generation;
        pass = options;
    }

    synchronized void end() {
        reading = null;
        pass = null;
    }

    /** @param all whether also a prompt that somebody waits for is given up */
    synchronized void breakOff(boolean all) {
        if (reading != null && (all || reading.cancelled())) {
            try {
                pass.setTerminate(true);
            } catch (OrtException e) {
                LOG.debug("A prompt is read on although its client left", e);
            }
        }
    }
}
