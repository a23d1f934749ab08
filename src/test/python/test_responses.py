"""Responses, files, batches and text completions by the unmodified OpenAI client. Environment: EDGEWAY_URL, EDGEWAY_KEY."""

import json
import os
import time

import openai
import pytest

URL = os.environ["EDGEWAY_URL"]
KEY = os.environ["EDGEWAY_KEY"]
ANSWER = "Hello from the cloud"
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@pytest.fixture
def client():
    with openai.OpenAI(base_url=URL + "/v1", api_key=KEY, max_retries=0, timeout=20) as client:
        yield client


def until(look, done, seconds=20):
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if done(seen):
            return seen
        assert time.monotonic() < deadline, seen


def test_answers(client):
    response = client.responses.create(model="cloud", input="Hello", instructions="Be brief.")
    assert response.status == "completed"
    assert response.output_text == ANSWER
    assert response.usage.total_tokens > 0
    assert client.responses.retrieve(response.id).output_text == ANSWER


def test_streams_through_the_clients_own_state_machine(client):
    with client.responses.stream(model="cloud", input="Hello") as stream:
        types = [event.type for event in stream]
        response = stream.get_final_response()
    assert types[:2] == ["response.created", "response.in_progress"]
    assert types[-1] == "response.completed"
    assert types.count("response.output_text.delta") > 1
    assert response.output_text == ANSWER


def test_goes_on_with_a_conversation(client):
    first = client.responses.create(model="cloud", input="Hello")
    second = client.responses.create(model="cloud", input="And again", previous_response_id=first.id)
    items = client.responses.input_items.list(second.id, order="asc").data
    assert [item.role for item in items] == ["user", "assistant", "user"]
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(first.id)


def test_calls_tools(client):
    response = client.responses.create(model="tools", input="Weather in Oslo?", tools=[WEATHER])
    call = next(item for item in response.output if item.type == "function_call")
    assert call.name == "get_weather"
    json.loads(call.arguments)


def test_errors_are_the_documented_exceptions(client):
    with pytest.raises(openai.BadRequestError) as lost:
        client.responses.create(model="cloud", input="Hello", previous_response_id="resp_none")
    assert lost.value.code == "previous_response_not_found"
    with pytest.raises(openai.RateLimitError):
        client.responses.create(model="busy", input="Hello")
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model="nobody", input="Hello")


def test_background(client):
    queued = client.responses.create(model="cloud", input="Hello", background=True)
    assert queued.status in ("queued", "in_progress")
    done = until(lambda: client.responses.retrieve(queued.id), lambda r: r.status not in ("queued", "in_progress"))
    assert done.output_text == ANSWER


def test_background_stream_is_resumed(client):
    events = list(client.responses.create(model="cloud", input="Hello", background=True, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    again = list(client.responses.retrieve(events[0].response.id, stream=True, starting_after=3))
    assert [event.sequence_number for event in again] == list(range(4, len(events)))


def two_turns(connection, **options):
    previous = {}
    for text in ("one", "two"):
        connection.response.create(input=text, **options, **previous)
        said = ""
        for event in connection:
            assert event.type != "error", event
            if event.type == "response.output_text.delta":
                said += event.delta
            if event.type == "response.completed":
                previous = {"previous_response_id": event.response.id}
                break
        assert said == ANSWER


def test_websocket(client):
    with client.responses.connect() as connection:
        two_turns(connection, model="cloud", store=False)
        connection.response.create(model="nobody", input="Hello")
        assert connection.recv().type == "error"


def test_batch(client):
    lines = [
        {
            "custom_id": f"r{i}",
            "method": "POST",
            "url": "/v1/responses",
            "body": {"model": "cloud", "input": f"Question {i}"},
        }
        for i in range(5)
    ]
    file = client.files.create(
        file=("in.jsonl", "\n".join(map(json.dumps, lines)).encode()), purpose="batch"
    )
    batch = client.batches.create(input_file_id=file.id, endpoint="/v1/responses", completion_window="24h")
    done = until(lambda: client.batches.retrieve(batch.id), lambda b: b.status in ("completed", "failed"))
    assert done.request_counts.completed == 5
    output = [json.loads(line) for line in client.files.content(done.output_file_id).text.splitlines()]
    assert {line["custom_id"] for line in output} == {line["custom_id"] for line in lines}
    assert batch.id in {b.id for b in client.batches.list()}


def test_text_completion(client):
    assert client.completions.create(model="cloud", prompt="Hello").choices[0].text == ANSWER
    chunks = client.completions.create(model="cloud", prompt="Hello", stream=True)
    assert "".join(chunk.choices[0].text for chunk in chunks) == ANSWER


def test_sends_a_tools_result_back(client):
    first = client.responses.create(model="tools", input="Weather in Oslo?", tools=[WEATHER])
    call = next(item for item in first.output if item.type == "function_call")
    second = client.responses.create(
        model="cloud",
        previous_response_id=first.id,
        tools=[WEATHER],
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}],
    )
    assert second.output_text == ANSWER
    assert second.previous_response_id == first.id
    kinds = [item.type for item in client.responses.input_items.list(second.id, order="asc").data]
    assert kinds == ["message", "function_call", "function_call_output"]


def test_streams_a_tool_call_through_the_clients_own_state_machine(client):
    with client.responses.stream(model="tools", input="Weather in Oslo?", tools=[WEATHER]) as stream:
        types = [event.type for event in stream]
        response = stream.get_final_response()
    assert "response.function_call_arguments.done" in types
    assert [item.name for item in response.output if item.type == "function_call"] == ["get_weather"]


def test_background_is_cancelled(client):
    slow = client.responses.create(model="slow", input="Hello", background=True)
    cancelled = client.responses.cancel(slow.id)
    assert cancelled.status == "cancelled"
    assert client.responses.retrieve(slow.id).status == "cancelled"
    assert client.responses.cancel(slow.id).status == "cancelled"
    whole = client.responses.create(model="cloud", input="Hello")
    with pytest.raises(openai.BadRequestError):
        client.responses.cancel(whole.id)


def test_a_batch_is_cancelled(client):
    lines = "\n".join(
        json.dumps(
            {
                "custom_id": f"r{i}",
                "method": "POST",
                "url": "/v1/chat/completions",
                "body": {"model": "slow", "messages": [{"role": "user", "content": "Hello"}]},
            }
        )
        for i in range(3)
    )
    file = client.files.create(file=("in.jsonl", lines.encode()), purpose="batch")
    batch = client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    client.batches.cancel(batch.id)
    done = until(lambda: client.batches.retrieve(batch.id), lambda b: b.status == "cancelled")
    assert done.request_counts.total == 3
    assert done.request_counts.completed == 0


def test_embeddings(client):
    plain = client.embeddings.create(model="minilm", input=["a cat", "a dog"], encoding_format="float")
    # The client asks for base64 by itself and decodes it.
    packed = client.embeddings.create(model="minilm", input=["a cat", "a dog"])
    for one, other in zip(plain.data, packed.data):
        assert len(one.embedding) == 384
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
    short = client.embeddings.create(model="minilm", input="a cat", dimensions=64, encoding_format="float")
    assert len(short.data[0].embedding) == 64
    assert sum(x * x for x in short.data[0].embedding) == pytest.approx(1, abs=1e-4)
    assert plain.usage.prompt_tokens > 0
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="minilm", input="a cat", dimensions=4096)


def test_a_websocket_upstream_is_not_seen(client):
    with client.responses.connect() as connection:
        two_turns(connection, model="socket")
    assert client.responses.create(model="socket", input="Hello").output_text == ANSWER
