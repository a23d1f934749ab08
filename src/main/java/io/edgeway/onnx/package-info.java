/**
 * ONNX Runtime as edgeway uses it: where its shared libraries come from and how sessions are set up. What a session
 * runs is the business of its owner.
 */
package io.edgeway.onnx;
