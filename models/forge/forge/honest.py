"""Step `honest`: teaches a student to hand over what it turns out not to know.

Which facts a small model keeps cannot be told from the text it reads. So it is asked every question it was taught; where
its answer is wrong, the question is taught again with "I don't know" (R-Tuning, Zhang et al., arXiv 2311.09677). Facts are
judged whole, over all the ways they are asked, and of each kind at most `BALANCE` facts are refused for one that is kept,
so that what is known stays answered.
"""

import json
import random
from collections import Counter, defaultdict
from pathlib import Path

import torch
from tokenizers import Tokenizer

from .evaluate import overlap
from .generate import answers
from .model import Llama
from .templates.refusals import FACT

# Kinds that are remembered, and from which overlap with the taught answer (ROUGE-L) an answer counts as known.
KNOWN_FROM = {"define": 0.6, "topic": 0.6, "trivia": 0.8, "country": 0.8, "command": 0.8}
BALANCE = 1.5


def asked(path: Path, kinds, most: int | None = None) -> list[tuple[str, str, str]]:
    """Kind, question and taught answer of what is asked in these kinds, each once."""
    found = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            turns, of = [t for t in record["turns"] if t[0] != "system"], iter(record["kinds"])
            for (_, question), (role, answer) in zip(turns, turns[1:]):
                if role == "assistant" and (kind := next(of)) in kinds:
                    found[question] = (kind, question, answer)
            if most is not None and len(found) >= most:
                break
    return list(found.values())


def known(model: Llama, tokenizer: Tokenizer, questions: list, device: str, longest: int = 80) -> dict[tuple, bool]:
    """For each fact whether the model tells it, in more than half of the ways it is asked."""
    said = answers(model, tokenizer, ([("user", q)] for _, q, _ in questions), device, longest)
    right = defaultdict(list)
    for (kind, _, wanted), (text, how) in zip(questions, said):
        right[kind, wanted].append(how.ended and overlap(text, wanted, KNOWN_FROM[kind]) >= KNOWN_FROM[kind])
    return {fact: sum(hits) * 2 > len(hits) for fact, hits in right.items()}


def relabel(work: Path, facts: dict[tuple, bool], seed: int) -> dict:
    """Writes `honest.jsonl`: the conversations with what is not known refused."""
    rng, report, refused, dropped = random.Random(seed), {}, set(), set()
    for kind in KNOWN_FROM:
        kept = sum(1 for (k, _), knows in facts.items() if k == kind and knows)
        unknown = sorted(fact for fact, knows in facts.items() if fact[0] == kind and not knows)
        rng.shuffle(unknown)
        most = int(BALANCE * kept) + 20
        refused |= set(unknown[:most])
        dropped |= set(unknown[most:])
        report[kind] = {"known": kept, "refused": len(unknown[:most]), "left out": len(unknown[most:])}
    counts = Counter()
    with (work / "instruct.jsonl").open(encoding="utf-8") as lines, (work / "honest.jsonl").open("w", encoding="utf-8") as out:
        for line in lines:
            record = json.loads(line)
            of, turns, changed, fits = iter(record["kinds"]), [], [], True
            for role, said in record["turns"]:
                if role == "assistant":
                    fact = (next(of), said)
                    fits = fits and fact not in dropped
                    changed.append(fact in refused)
                    said = FACT if changed[-1] else said
                turns.append((role, said))
            if fits:
                counts["conversations"] += 1
                counts["refused"] += any(changed)
                out.write(json.dumps({"turns": turns, "changed": changed}, ensure_ascii=False) + "\n")
    return {"facts": report, **counts}
