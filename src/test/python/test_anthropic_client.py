"""The unmodified Anthropic client against a running edgeway. Environment: EDGEWAY_URL, EDGEWAY_KEY."""

import os

import anthropic
import pytest

URL = os.environ["EDGEWAY_URL"]
KEY = os.environ["EDGEWAY_KEY"]
ANSWER = "Hello from the cloud"
HELLO = [{"role": "user", "content": "Hello"}]
WEATHER = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}


@pytest.fixture
def client():
    with anthropic.Anthropic(base_url=URL, api_key=KEY, max_retries=0, timeout=20) as client:
        yield client


def test_answers(client):
    message = client.messages.create(model="cloud", max_tokens=64, system="Be brief.", messages=HELLO)
    assert message.content[0].text == ANSWER
    assert message.stop_reason == "end_turn"
    assert message.usage.output_tokens > 0


def test_streams_through_the_clients_own_state_machine(client):
    with client.messages.stream(model="cloud", max_tokens=64, messages=HELLO) as stream:
        text = list(stream.text_stream)
        message = stream.get_final_message()
    assert "".join(text) == ANSWER and len(text) > 1
    assert message.content[0].text == ANSWER
    assert message.usage.output_tokens > 0


def test_calls_tools(client):
    message = client.messages.create(model="tools", max_tokens=64, messages=HELLO, tools=[WEATHER])
    assert message.stop_reason == "tool_use"
    assert [block.name for block in message.content if block.type == "tool_use"] == ["get_weather"]


def test_counts_tokens(client):
    assert client.messages.count_tokens(model="cloud", messages=HELLO).input_tokens > 0


def test_errors_are_the_documented_exceptions(client):
    with pytest.raises(anthropic.NotFoundError):
        client.messages.create(model="nobody", max_tokens=64, messages=HELLO)
    with pytest.raises(anthropic.RateLimitError):
        client.messages.create(model="busy", max_tokens=64, messages=HELLO)
    with pytest.raises(anthropic.AuthenticationError):
        with anthropic.Anthropic(base_url=URL, api_key="sk-wrong", max_retries=0) as stranger:
            stranger.messages.create(model="cloud", max_tokens=64, messages=HELLO)


def test_streams_a_tool_call_through_the_clients_own_state_machine(client):
    with client.messages.stream(model="tools", max_tokens=64, messages=HELLO, tools=[WEATHER]) as stream:
        kinds = [event.type for event in stream]
        message = stream.get_final_message()
    assert kinds[0] == "message_start" and "message_stop" in kinds
    assert message.stop_reason == "tool_use"
    assert [(block.name, block.input) for block in message.content if block.type == "tool_use"] == [
        ("get_weather", {})
    ]


def test_sends_a_tools_result_back(client):
    first = client.messages.create(model="tools", max_tokens=64, messages=HELLO, tools=[WEATHER])
    call = next(block for block in first.content if block.type == "tool_use")
    answered = client.messages.create(
        model="cloud",
        max_tokens=64,
        tools=[WEATHER],
        messages=HELLO
        + [
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}]},
        ],
    )
    assert answered.content[0].text == ANSWER


def test_counts_what_tools_and_the_system_prompt_add(client):
    plain = client.messages.count_tokens(model="cloud", messages=HELLO).input_tokens
    more = client.messages.count_tokens(model="cloud", messages=HELLO, system="Be brief.", tools=[WEATHER])
    assert more.input_tokens > plain
