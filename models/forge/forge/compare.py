"""Step `compare`: what each technique gained or cost, every checkpoint of a run scored alike, as one table."""

import json
from pathlib import Path

# Title, where an evaluation has it, and its key there.
_ROWS = [("perplexity, all held-out text", "perplexity", "all text")] + [
    (f"perplexity, {title}", "perplexity", key) for title, key in (
        ("encyclopedia", "wikipedia-leads"), ("textbooks", "openstax"), ("conversation", "topical-chat"),
        ("answers: definitions asked anew", "answers: define"), ("answers: definitions never taught", "answers: define-unseen"),
        ("answers: service dialogues", "answers: service"))] + [
    (title, "tasks", key) for title, key in (
        ("arithmetic, right result", "arithmetic"), ("one-step stories, right result", "story"),
        ("school problems (GSM8K), right result", "problem"), ("authored facts asked anew, same answer", "fact"),
        ("countries asked anew, same answer", "country"), ("definitions asked anew, same answer", "define"),
        ("commands asked anew, same command", "command"), ("answer read off a given text, exact", "reading"),
        ("rewriting, exact", "rewrite"), ("summary, ROUGE-L to the lead sentence", "summary"),
        ("service dialogue, ROUGE-L to the next turn", "service"), ("topics asked anew, ROUGE-L", "topic"),
        ("persona asked anew, ROUGE-L", "persona"), ("hands over live, long or invented questions", "refuse"),
        ("hands over real things never taught", "refuse-real"),
        ("hands over definitions it should know (lower is better)", "define refused wrongly"))] + [
    ("true definition likeliest of five, never taught", "choices", "define-unseen"),
    ("true chit-chat answer likeliest of five, held-out answers", "choices", "chitchat"),
    ("ends by itself within 112 tokens", "tasks", "ended by itself")]


def names(work: Path, student: str) -> list[str]:
    """The checkpoints of a run, in the order of the columns; those that are neither there nor evaluated are left out."""
    pruned = sorted({p.stem for folder in (work, work / "evaluations") for p in folder.glob(f"{student}-pruned-*")
                     if p.suffix in ("", ".json")}, key=_size, reverse=True)
    wanted = ["teacher", f"{student}-plain", student, *pruned, f"{student}-int8-nearest", f"{student}-int4-nearest",
              f"{student}-int4-calibrated", f"{student}-int4-trained"]
    return [n for n in wanted if (work / n / "model.safetensors").is_file() or _evaluation(work, n).is_file()]


def _size(name: str) -> tuple:
    return tuple(int(part) for part in name.split("-") if part.isdigit())


def _evaluation(work: Path, name: str) -> Path:
    return work / "evaluations" / f"{name}.json"


def evaluated(work: Path, name: str) -> bool:
    return _evaluation(work, name).is_file()


def table(work: Path, columns: list[str]) -> str:
    """Markdown: percent with half the width of the 95 % interval, perplexities as they are."""
    found = [json.loads(_evaluation(work, n).read_text()) for n in columns]
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|",
             "| million parameters | " + " | ".join(f"{f['parameters'] / 1e6:.1f}" for f in found) + " |"]
    for title, section, key in _ROWS:
        cells = [_cell(section, f.get(section, {}).get(key)) for f in found]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(section: str, value: dict | None) -> str:
    if not value or value.get("perplexity" if section == "perplexity" else "score") is None:
        return "-"
    if section == "perplexity":
        return f"{value['perplexity']:.2f}"
    return f"{100 * value['score']:.1f} ±{50 * (value['high'] - value['low']):.1f}"
