"""Step `sequences`: the teacher's own answers to training prompts, for the student to learn beside the taught ones.

Sequence-level distillation (Kim and Rush, arXiv 1606.07947). What can be wrong is kept only where it agrees with the
taught answer, so that no invention of the teacher's is passed on.
"""

import json
import random
from collections import Counter
from pathlib import Path

from tokenizers import Tokenizer

from . import honest
from .evaluate import number, overlap
from .generate import answers
from .model import Llama

FREE = ("persona", "service")
KINDS = {**honest.KNOWN_FROM, "fact": 0.6, "problem": None, **dict.fromkeys(FREE)}
TEMPERATURE = 0.5
# Turns of a service dialogue that are asked at most, each with all that was said before it.
DIALOGUE_TURNS = 3


def prompts(path: Path, most: int, seed: int) -> list[tuple[str, list, str]]:
    """Kind, the conversation so far and the taught answer."""
    rng, found, seen = random.Random(seed), [], set()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            turns, kinds = record["turns"], record["kinds"]
            if kinds[0] not in KINDS or len(set(kinds)) > 1 or len(kinds) > 1 and kinds[0] != "service":
                continue
            at = [n for n, (role, _) in enumerate(turns) if role == "assistant"]
            for n in rng.sample(at, min(len(at), DIALOGUE_TURNS)):
                key = tuple(said for _, said in turns[:n])
                if key not in seen:
                    seen.add(key)
                    found.append((kinds[0], turns[:n], turns[n][1]))
    return rng.sample(found, min(most, len(found)))


def good(kind: str, said: str, wanted: str) -> bool:
    if kind in FREE:
        return bool(said.strip())
    return number(said) == number(wanted) if kind == "problem" else overlap(said, wanted, KINDS[kind]) >= KINDS[kind]


def write(work: Path, teacher: Llama, tokenizer: Tokenizer, most: int, device: str, seed: int, longest: int = 160) -> dict:
    """Writes `sequences.jsonl` and says how many answers of each kind were asked for and kept."""
    chosen = prompts(work / "instruct.jsonl", most, seed)
    said = answers(teacher, tokenizer, (turns for _, turns, _ in chosen), device, longest, temperature=TEMPERATURE, seed=seed)
    asked, kept = Counter(kind for kind, _, _ in chosen), Counter()
    with (work / "sequences.jsonl").open("w", encoding="utf-8") as out:
        for (kind, turns, wanted), (text, how) in zip(chosen, said):
            if how.ended and good(kind, text, wanted):
                kept[kind] += 1
                out.write(json.dumps({"turns": [*turns, ("assistant", text)]}, ensure_ascii=False) + "\n")
    return {kind: {"asked": n, "kept": kept[kind]} for kind, n in asked.most_common()}
