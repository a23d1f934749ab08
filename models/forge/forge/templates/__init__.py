"""Instruction conversations made from the sources, one module for each kind of job."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One conversation: what kind of job it is, what decides its split, and its turns."""

    kind: str
    key: str
    turns: tuple


def single(kind: str, key: str, question: str, answer: str) -> Item:
    return Item(kind, key, (("user", question), ("assistant", answer)))


def casual(rng: random.Random, question: str) -> str:
    """The question as people type it: now and then in lower case, without its mark, or polite."""
    roll = rng.random()
    if roll < 0.12:
        question = question.lower()
    elif roll < 0.16:
        question = "Please " + question[0].lower() + question[1:] if question.split()[0] in _IMPERATIVES else question
    elif roll < 0.19:
        question = rng.choice(("Hi, ", "Hello, ", "Hey, ")) + question[0].lower() + question[1:]
    if rng.random() < 0.12:
        question = question.rstrip("?.!")
    return question


_IMPERATIVES = {"Define", "Explain", "Name", "List", "Tell", "Show", "Give", "Summarize", "Rewrite", "Describe"}


def sentence(text: str) -> str:
    """Starts with a capital letter and ends with a stop."""
    text = text.strip()
    if not text:
        return text
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?" else text + "."
