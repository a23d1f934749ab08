/**
 * JSON without data binding: plain values, and an index of an object's members that lets one value be replaced while
 * all other bytes stay as the client sent them.
 */
package io.edgeway.json;
