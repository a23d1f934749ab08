// Responses by the unmodified OpenAI client, its WebSocket mode too, and sockets by `ws`. Environment: EDGEWAY_URL,
// EDGEWAY_KEY.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import OpenAI from 'openai';
import { ResponsesWS } from 'openai/resources/responses/ws';
import WebSocket from 'ws';

const baseURL = `${process.env.EDGEWAY_URL}/v1`;
const apiKey = process.env.EDGEWAY_KEY;
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 20_000 });
const answer = 'Hello from the cloud';

test('answers', async () => {
  const response = await client.responses.create({ model: 'cloud', input: 'Hello' });
  assert.equal(response.output_text, answer);
});

test('streams', async () => {
  const stream = client.responses.stream({ model: 'cloud', input: 'Hello' });
  const types = [];
  for await (const event of stream) types.push(event.type);
  assert.equal(types.at(-1), 'response.completed');
  assert.equal((await stream.finalResponse()).output[0].content[0].text, answer);
});

test('goes on over one socket', async () => {
  const socket = new ResponsesWS(client);
  await once(socket.socket, 'open');
  const ids = [];
  await new Promise((resolve, reject) => {
    const ask = (input) =>
      socket.send({
        type: 'response.create',
        model: 'cloud',
        store: false,
        input,
        ...(ids.length ? { previous_response_id: ids.at(-1) } : {}),
      });
    socket.on('error', reject);
    socket.on('response.completed', (event) => {
      assert.equal(event.response.output[0].content[0].text, answer);
      ids.push(event.response.id);
      if (ids.length === 2) resolve();
      else ask('two');
    });
    ask('one');
  });
  socket.close();
  assert.notEqual(ids[0], ids[1]);
});

test('chats over a socket as a page does', async () => {
  const url = `${baseURL.replace('http', 'ws')}/chat/completions`;
  const socket = new WebSocket(url, ['edgeway', `openai-insecure-api-key.${apiKey}`]);
  await once(socket, 'open');
  assert.equal(socket.protocol, 'edgeway');
  let text = '';
  const done = new Promise((resolve, reject) => {
    socket.on('message', (data) => {
      const message = JSON.parse(data);
      assert.equal(message.id, 'a');
      if (message.error) reject(new Error(message.error.message));
      if (message.object === 'chat.completion.done') resolve();
      text += message.choices?.[0]?.delta?.content ?? '';
    });
  });
  socket.send(JSON.stringify({ id: 'a', model: 'cloud', messages: [{ role: 'user', content: 'Hello' }] }));
  await done;
  assert.equal(text, answer);
  socket.ping();
  await once(socket, 'pong');
  socket.close(1000);
  const [code] = await once(socket, 'close');
  assert.equal(code, 1000);
});

test('a bad message is an error event, and the socket stays usable', async () => {
  const url = `${baseURL.replace('http', 'ws')}/responses`;
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${apiKey}` } });
  await once(socket, 'open');
  const next = async () => JSON.parse((await once(socket, 'message'))[0]);
  for (const bad of ['no json', '[]', '{"type":"nothing"}', '{"type":"response.create","input":"Hello"}']) {
    const answered = next();
    socket.send(bad);
    const event = await answered;
    assert.equal(event.type, 'error');
    assert.equal(event.status, 400);
    assert.ok(event.error.message);
  }
  const types = [];
  const done = new Promise((resolve) => {
    socket.on('message', (data) => {
      types.push(JSON.parse(data).type);
      if (types.at(-1) === 'response.completed') resolve();
    });
  });
  socket.send(JSON.stringify({ type: 'response.create', model: 'cloud', input: 'Hello' }));
  await done;
  assert.equal(types[0], 'response.created');
  socket.close(1000);
});

test('runs responses side by side over one socket, to an upstream on a socket too', async () => {
  const socket = new ResponsesWS(client);
  await once(socket.socket, 'open');
  const texts = { a: '', b: '' };
  await new Promise((resolve, reject) => {
    let left = 2;
    socket.on('error', reject);
    socket.on('response.output_text.delta', (event) => (texts[event.stream_id] += event.delta));
    socket.on('response.completed', () => --left || resolve());
    for (const stream_id of ['a', 'b'])
      socket.send({ type: 'response.create', stream_id, model: 'socket', input: 'Hello' });
  });
  socket.close();
  assert.deepEqual(texts, { a: answer, b: answer });
});
