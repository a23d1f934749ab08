"""The conversations that every template is rendered with. Written out as conversations.json by goldens.py."""

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather in a city. Don't guess \"it\" <now> & here: äöü \U0001f326",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "  The city, e.g. Köln  "},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "description": "The unit"},
                "days": {"type": ["integer", "null"], "description": "How many days", "default": 1.5},
                "tags": {"type": "array", "items": {"type": "string"}, "description": "Tags"},
                "extra": {"type": "object", "additionalProperties": {"type": "number"}, "description": "More"},
            },
            "required": ["city"],
        },
    },
}
TIME = {
    "type": "function",
    "function": {
        "name": "get_time",
        "description": "The time",
        "parameters": {"type": "object", "properties": {}},
        "return": {"type": "string", "description": "ISO 8601"},
    },
}
SEARCH = {
    "type": "function",
    "function": {
        "name": "search",
        "description": "Search documents",
        "parameters": {
            "type": "object",
            "properties": {
                "query": {"type": "string", "description": "What to look for"},
                "limit": {"type": "integer", "description": "How many"},
                "where": {"type": "object", "description": "Filter", "additionalProperties": {"type": "string"}},
            },
            "required": ["query"],
        },
    },
}
SYSTEM = {"role": "system", "content": "You are terse.\n  Mind the\tspaces.  \n"}
HELLO = {"role": "user", "content": "Hello, wörld! 你好 \U0001f44b\U0001f3fd {{ not a template }} <|im_end|>"}
REPLY = {"role": "assistant", "content": "\n\nHi there.  "}
MORE = {"role": "user", "content": "  And 2 + 2?\n"}
THOUGHT = {"role": "assistant", "content": "<think>\nfour, I think\n</think>\n\n4"}
REASONED = {"role": "assistant", "content": "4", "reasoning_content": "\nTwo and two.\n", "thinking": "Two and two."}


def call(arguments, content="", id="abc123DEF", name="get_weather"):
    return {
        "role": "assistant",
        "content": content,
        "tool_calls": [{"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}],
    }


def result(content, id="abc123DEF"):
    return {"role": "tool", "name": "get_weather", "tool_call_id": id, "content": content}


ARGS = {"city": "Köln", "days": 3, "nested": {"a": [1, 2.0, None, True], "b": "x\"y\n"}, "ratio": 1e-07}
TWO_CALLS = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "abc123DEF", "type": "function", "function": {"name": "get_weather", "arguments": ARGS}},
        {"id": "ghi456JKL", "type": "function", "function": {"name": "get_time", "arguments": {}}},
    ],
}
PARTS = {
    "role": "user",
    "content": [{"type": "text", "text": "What is "}, {"type": "image"}, {"type": "text", "text": "this?"}],
}
DOCUMENTS = [
    {"doc_id": 1, "title": "Heath", "text": "Calluna grows on heaths.\n"},
    {"doc_id": "b", "title": "Sand", "text": "Sand is poor."},
]


def case(name, messages, **more):
    return {"name": name, "messages": messages, **more}


BASE = [
    case("user", [HELLO]),
    case("system-user", [SYSTEM, HELLO]),
    case("turns", [HELLO, REPLY, MORE]),
    case("system-turns", [SYSTEM, HELLO, REPLY, MORE, THOUGHT, HELLO]),
    case("ends-with-assistant", [SYSTEM, HELLO, REPLY]),
    case("thought-last", [HELLO, THOUGHT]),
    case("reasoning", [HELLO, REASONED, MORE]),
    case("reasoning-last", [SYSTEM, MORE, REASONED]),
    case("no-thinking", [SYSTEM, HELLO], enable_thinking=False),
    case("thinking", [HELLO, REPLY, MORE], enable_thinking=True, thinking=True),
    case("no-think-flag", [{"role": "system", "content": "Be brief. /no_think "}, HELLO]),
    case("two-users", [HELLO, MORE]),
    case("assistant-first", [REPLY, HELLO]),
    case("late-system", [HELLO, SYSTEM, MORE]),
    case("empty-system", [{"role": "system", "content": ""}, HELLO]),
    case("empty-user", [{"role": "user", "content": ""}]),
    case("parts", [SYSTEM, PARTS]),
    case("unknown-role", [{"role": "critic", "content": "hm"}, HELLO]),
    case("none-content", [HELLO, {"role": "assistant", "content": None}, MORE]),
    case("missing-content", [HELLO, {"role": "assistant"}, MORE]),
    case("no-messages", []),
    case("tools", [SYSTEM, HELLO], tools=[WEATHER, TIME]),
    case("tools-no-system", [HELLO], tools=[TIME]),
    case("tools-empty", [HELLO], tools=[]),
    case("tools-system-prompt", [SYSTEM, HELLO], tools=[WEATHER], tools_in_user_message=False),
    case("tool-call", [SYSTEM, HELLO, call(ARGS)], tools=[WEATHER]),
    case("tool-call-text", [HELLO, call('{"city":"K\\u00f6ln"}', "Let me look."), result("12 °C")], tools=[WEATHER]),
    case("tool-result", [SYSTEM, HELLO, call(ARGS), result("12 °C\n"), REPLY], tools=[WEATHER]),
    case("tool-result-object", [HELLO, call(ARGS), result({"temperature": 12.5, "sky": None}), MORE], tools=[WEATHER]),
    case("tool-result-list", [HELLO, call(ARGS), result([{"type": "text", "text": "12"}])], tools=[WEATHER]),
    case(
        "two-calls",
        [HELLO, TWO_CALLS, result("12"), result("10:00", "ghi456JKL"), REPLY, MORE],
        tools=[WEATHER, TIME],
    ),
    case("tool-call-thinking", [MORE, {**call(ARGS), "reasoning_content": "I need it."}, result("x")], tools=[WEATHER]),
    case("bad-call-id", [HELLO, call(ARGS, id="short"), result("x", "short"), MORE], tools=[WEATHER]),
    case("calls-without-tools", [HELLO, call(ARGS), result("x"), REPLY, MORE]),
    case("ipython", [HELLO, REPLY, {"role": "ipython", "content": {"output": [1, 2]}}]),
    case("tool-results-role", [HELLO, {"role": "tool_results", "tool_call_id": "abc123DEF", "content": {"content": 5}}]),
    case("search", [SYSTEM, HELLO, REPLY, MORE], tools=[SEARCH]),
    case("search-called", [HELLO, call({"query": "a"}, name="search"), result("none"), REPLY, MORE], tools=[SEARCH, TIME]),
    case("search-twice", [SYSTEM, HELLO, TWO_CALLS, result("1"), result("2", "ghi456JKL")], tools=[SEARCH]),
    case("flat-tool", [HELLO], tools=[SEARCH["function"]]),
    case("documents", [SYSTEM, HELLO], documents=DOCUMENTS),
    case("documents-no-system", [HELLO, REPLY, MORE], documents=DOCUMENTS, controls={"citations": True, "length": "long"}),
    case("controls", [HELLO], documents=DOCUMENTS, tools=[WEATHER], controls=["hallucinations", "citations"]),
    case("available-tools", [HELLO], available_tools=[TIME], thinking=True),
    case("custom-tools", [SYSTEM, HELLO], custom_tools=[TIME], date_string="1 May 2025"),
    case("builtin-tools", [SYSTEM, HELLO], builtin_tools=["brave_search", "code_interpreter"], tools=[WEATHER]),
    case("effort", [{"role": "developer", "content": "Be exact."}, HELLO], reasoning_effort="high", model_identity="You are Ed."),
]


def conversations():
    for base in BASE:
        for generation in (False, True):
            yield {**base, "name": base["name"] + ("+" if generation else ""), "add_generation_prompt": generation}
