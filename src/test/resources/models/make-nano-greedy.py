"""Writes nano-greedy.jsonl: what `transformers` answers, in float32 and greedily, with the weights of the bundled model.

    python src/test/resources/models/make-nano-greedy.py [MODEL]

Run it in the repository's root, with models/forge/requirements.txt installed, whenever the bundled weights change. MODEL
is another model directory of the forge. A line has the conversation, its tokens, those of the reply, and its `close`
calls: [position, token, gap in logits to the likeliest] for every other token that is nearly as likely.
"""

import json
import pathlib
import random
import sys
import tempfile

import torch
from transformers import AutoTokenizer, LlamaForCausalLM

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[3]
sys.path.insert(0, str(ROOT / "models/forge"))
from forge.export import restore  # noqa: E402

REPLY = 32
CLOSE = 1.0
COUNT = 200
BATCH = 20


def conversations():
    facts = []
    for line in (ROOT / "models/forge/data/facts.txt").read_text().splitlines():
        if "=>" in line:
            questions, answer = line.split("=>", 1)
            facts.append(([q.strip() for q in questions.split("|")], answer.strip()))
    draw = random.Random(200)
    draw.shuffle(facts)
    asked = [[("user", draw.choice(questions))] for questions, _ in facts[:80]]
    for _ in range(25):
        a, b = draw.randrange(2, 100), draw.randrange(2, 100)
        asked.append([("user", draw.choice((f"What is {a} + {b}?", f"{a} times {b}?", f"How much is {a} minus {b}?")))])
    for country in ("France", "Japan", "Peru", "Kenya", "Norway", "India", "Canada", "Egypt", "Chile", "Iceland"):
        asked.append([("user", f"What is the capital of {country}?")])
        asked.append([("user", f"Where is {country} located?")])
    for word in ("house", "river", "justice", "volcano", "bread", "computer", "friendship", "gravity", "music", "winter"):
        asked.append([("user", f"What does {word} mean?")])
    for text in ("Schreib mir bitte etwas über Zürich.", "¿Qué hora es?", "日本語は話せますか？", "Tell me a joke 😀🎉",
                 "def f(x):\n    return x ** 2\nWhat does f(12) give?", "naïve café — “quoted” … 1,234.56 €", "?!", "a"):
        asked.append([("user", text)])
    for i in range(30):
        text = " ".join(answer for _, answer in draw.sample(facts, 3 + i))
        asked.append([("user", f"Summarize this text in one sentence: {text}")])
    while len(asked) < COUNT:
        (first, said), (then, _) = draw.sample(facts, 2)
        turns = [("user", first[0]), ("assistant", said), ("user", then[0])]
        asked.append(([("system", "Answer in few words.")] if len(asked) % 2 else []) + turns)
    return [[{"role": role, "content": content} for role, content in turns] for turns in asked]


def main():
    torch.set_num_threads(1)
    source = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "models/nano"
    with tempfile.TemporaryDirectory() as folder:
        restore(source, pathlib.Path(folder))
        words = AutoTokenizer.from_pretrained(folder)
        model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    end = json.loads((source / "generation_config.json").read_text())["eos_token_id"]
    prompts = []
    for messages in conversations():
        text = words.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        prompts.append((messages, words(text, add_special_tokens=False)["input_ids"]))
    prompts.sort(key=lambda pair: len(pair[1]))
    lines = []
    for at in range(0, len(prompts), BATCH):
        batch = prompts[at:at + BATCH]
        longest = max(len(ids) for _, ids in batch)
        padded = torch.tensor([[0] * (longest - len(ids)) + ids for _, ids in batch])
        mask = torch.tensor([[0] * (longest - len(ids)) + [1] * len(ids) for _, ids in batch])
        with torch.no_grad():
            out = model.generate(
                padded, attention_mask=mask, do_sample=False, max_new_tokens=REPLY, eos_token_id=end, pad_token_id=0,
                repetition_penalty=1.0, output_logits=True, return_dict_in_generate=True)
        for row, (messages, ids) in enumerate(batch):
            reply, close = out.sequences[row, longest:].tolist(), []
            if end in reply:
                reply = reply[:reply.index(end) + 1]
            for position, token in enumerate(reply):
                gaps = out.logits[position][row, token] - out.logits[position][row]
                close += [[position, other, round(gaps[other].item(), 4)]
                          for other in torch.nonzero(gaps < CLOSE).flatten().tolist() if other != token]
            lines.append(json.dumps({"messages": messages, "prompt": ids, "reply": reply, "close": close},
                                    ensure_ascii=False, separators=(",", ":")))
    (HERE / "nano-greedy.jsonl").write_text("\n".join(lines) + "\n")


main()
