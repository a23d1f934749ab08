// The unmodified OpenAI client against a running edgeway. Environment: EDGEWAY_URL, EDGEWAY_KEY.
// The gateway behind it knows the models `cloud` (answers "Hello from the cloud"), `tools` (answers with a call of
// `get_weather`) and `busy` (answers 429).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';

const baseURL = `${process.env.EDGEWAY_URL}/v1`;
const client = new OpenAI({ baseURL, apiKey: process.env.EDGEWAY_KEY, maxRetries: 0, timeout: 20_000 });
const messages = [{ role: 'user', content: 'Hello' }];
const weather = {
  type: 'function',
  function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};

test('lists models', async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes('cloud') && ids.includes('busy'), ids.join());
});

test('chats', async () => {
  const reply = await client.chat.completions.create({ model: 'cloud', messages });
  assert.equal(reply.choices[0].message.content, 'Hello from the cloud');
  assert.ok(reply.usage.total_tokens > 0);
});

test('streams', async () => {
  const stream = await client.chat.completions.create({
    model: 'cloud',
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  const text = [];
  let usage;
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content) text.push(chunk.choices[0].delta.content);
    usage = chunk.usage ?? usage;
  }
  assert.equal(text.join(''), 'Hello from the cloud');
  assert.ok(text.length > 1);
  assert.ok(usage.total_tokens > 0);
});

test('passes tools through', async () => {
  const reply = await client.chat.completions.create({ model: 'tools', messages, tools: [weather] });
  assert.equal(reply.choices[0].finish_reason, 'tool_calls');
  assert.equal(reply.choices[0].message.tool_calls[0].function.name, 'get_weather');
});

test('a wrong key is an authentication error', async () => {
  const stranger = new OpenAI({ baseURL, apiKey: 'sk-wrong', maxRetries: 0 });
  await assert.rejects(stranger.chat.completions.create({ model: 'cloud', messages }), OpenAI.AuthenticationError);
});

test('an unknown model is not found', async () => {
  await assert.rejects(client.chat.completions.create({ model: 'nobody', messages }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, 'model_not_found');
    return true;
  });
});

test('a busy upstream is a rate limit error', async () => {
  await assert.rejects(client.chat.completions.create({ model: 'busy', messages }), (error) => {
    assert.ok(error instanceof OpenAI.RateLimitError);
    assert.ok(Number(error.headers.get('retry-after')) > 0);
    return true;
  });
});

test('a bad parameter is a bad request', async () => {
  await assert.rejects(client.chat.completions.create({ model: '', messages }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, 'model');
    return true;
  });
});
