"""The unmodified OpenAI client against a running edgeway. Environment: EDGEWAY_URL, EDGEWAY_KEY.

The gateway behind it knows the models `cloud` (answers "Hello from the cloud"), `tools` (answers with a call of
`get_weather`) and `busy` (answers 429).
"""

import os

import openai
import pytest

URL = os.environ["EDGEWAY_URL"]
KEY = os.environ["EDGEWAY_KEY"]
HELLO = [{"role": "user", "content": "Hello"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture
def client():
    with openai.OpenAI(base_url=URL + "/v1", api_key=KEY, max_retries=0, timeout=20) as client:
        yield client


def test_lists_models(client):
    assert {model.id for model in client.models.list()} >= {"cloud", "busy"}


def test_chats(client):
    reply = client.chat.completions.create(model="cloud", messages=HELLO)
    assert reply.choices[0].message.content == "Hello from the cloud"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 0


def test_streams(client):
    chunks = list(
        client.chat.completions.create(
            model="cloud", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
    )
    text = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert "".join(text) == "Hello from the cloud"
    assert len(text) > 1
    assert chunks[-1].usage.total_tokens > 0


def test_passes_tools_through(client):
    reply = client.chat.completions.create(model="tools", messages=HELLO, tools=[WEATHER])
    assert reply.choices[0].finish_reason == "tool_calls"
    assert reply.choices[0].message.tool_calls[0].function.name == "get_weather"


def test_wrong_key_is_an_authentication_error():
    with openai.OpenAI(base_url=URL + "/v1", api_key="sk-wrong", max_retries=0) as stranger:
        with pytest.raises(openai.AuthenticationError) as raised:
            stranger.chat.completions.create(model="cloud", messages=HELLO)
    assert raised.value.code == "invalid_api_key"
    assert "sk-wrong" not in str(raised.value)


def test_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as raised:
        client.chat.completions.create(model="nobody", messages=HELLO)
    assert raised.value.code == "model_not_found"
    assert "nobody" in raised.value.message


def test_busy_upstream_is_a_rate_limit_error(client):
    with pytest.raises(openai.RateLimitError) as raised:
        client.chat.completions.create(model="busy", messages=HELLO)
    assert int(raised.value.response.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("change", "param"),
    [({"model": ""}, "model"), ({"extra_body": {"stream": "yes"}}, "stream")],
)
def test_bad_parameter_is_a_bad_request(client, change, param):
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(**{"model": "cloud", "messages": HELLO, **change})
    assert raised.value.param == param
