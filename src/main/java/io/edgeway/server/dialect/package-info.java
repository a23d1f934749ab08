/**
 * The dialects at the door. Inside a chain everything is chat: a dialect's interpreter puts a chat request in the place
 * of what came, and its voice tells the chat reply to the client in the client's own words.
 */
package io.edgeway.server.dialect;
