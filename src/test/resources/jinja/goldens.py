"""Renders the goldens of the template tests with the reference implementation.

    pip install transformers jinja2
    python goldens.py TEMPLATE_DIRECTORY...

Every *.jinja below the directories is rendered with every conversation; snippets.txt, one template a block, is
rendered with a fixed context. The clock stands still at NOW.
"""

import datetime
import json
import pathlib
import sys

import jinja2
from transformers.utils import chat_template_utils

from conversations import conversations

HERE = pathlib.Path(__file__).parent
NOW = datetime.datetime(2026, 1, 5, 9, 7, 3, 4056)
SPECIAL = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
SNIPPET_CONTEXT = {
    "text": "Hello, Wörld! \U0001f44b",
    "blank": "  two  words \n",
    "numbers": [3, 1, 2],
    "mixed": [1, 2.5, "a", None, True],
    "people": [
        {"name": "Ann", "age": 31, "tags": ["x"], "home": {"city": "Bonn"}},
        {"name": "bob", "age": 25, "tags": [], "home": {"city": "aachen"}},
        {"name": "Cid", "age": 31, "tags": ["y", "z"], "home": {"city": "Bonn"}, "nick": None},
    ],
    "tree": [{"v": 1, "c": [{"v": 2, "c": []}, {"v": 3, "c": [{"v": 4, "c": []}]}]}, {"v": 5, "c": []}],
    "map": {"b": 2, "a": "one", "items": [1], "C": None},
    "empty": [],
    "nothing": None,
    "yes": True,
    "no": False,
    "n": 7,
    "x": 2.5,
    "big": 12345678901234567890123,
}


class Frozen(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW


def render(source, context):
    try:
        template = chat_template_utils._compile_jinja_template(source)
        return {"output": template.render(**context)}
    except jinja2.exceptions.TemplateSyntaxError as e:
        return {"syntax": str(e)}
    except jinja2.exceptions.TemplateError as e:
        raised = type(e) is jinja2.exceptions.TemplateError
        return {"raised" if raised else "error": str(e)}
    except Exception as e:
        return {"error": f"{type(e).__name__}: {e}"}


def main():
    chat_template_utils.datetime = Frozen
    cases = list(conversations())
    write(HERE / "conversations.json", cases)
    for directory in sys.argv[1:]:
        for path in sorted(pathlib.Path(directory).glob("*.jinja")):
            source = path.read_text(encoding="utf-8")
            golden = {}
            for case in cases:
                context = {"tools": None, "documents": None, **SPECIAL, **case}
                del context["name"]
                golden[case["name"]] = render(source, context)
            write(HERE / "goldens" / (path.stem + ".json"), golden)
            print(path.stem, sum("output" in g for g in golden.values()), "of", len(golden), "render")
    blocks = (HERE / "snippets.txt").read_bytes().decode("utf-8").split("\n====\n")
    write(HERE / "snippet-context.json", SNIPPET_CONTEXT)
    write(HERE / "snippets.json", [{"template": b, **render(b, SNIPPET_CONTEXT)} for b in blocks])


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
