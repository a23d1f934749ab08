/**
 * The local engine: models that run in this process. One thread per model owns its ONNX Runtime session and does
 * everything that touches it; requests join and leave its batch between two steps.
 *
 * <p>{@link io.edgeway.backend.local.Engine} schedules, {@link io.edgeway.backend.local.Decoder} computes,
 * {@link io.edgeway.backend.local.Sampler} draws, {@link io.edgeway.backend.local.LocalBackend} speaks the API.
 */
package io.edgeway.backend.local;
