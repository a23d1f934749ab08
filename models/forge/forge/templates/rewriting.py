"""Rewrites a rule can make and check: spelling, case, contractions, lists."""

import random
import re
from pathlib import Path
from typing import Iterator

from ..corpus import clean, read
from . import Item, single

_EXPAND = {"don't": "do not", "doesn't": "does not", "didn't": "did not", "can't": "cannot", "won't": "will not",
           "isn't": "is not", "aren't": "are not", "wasn't": "was not", "weren't": "were not", "I'm": "I am",
           "I've": "I have", "I'll": "I will", "I'd": "I would", "you're": "you are", "we're": "we are",
           "they're": "they are", "it's": "it is", "that's": "that is", "he's": "he is", "she's": "she is",
           "couldn't": "could not", "wouldn't": "would not", "shouldn't": "should not", "haven't": "have not"}
_FIX = ("Correct this sentence: {t}", "Fix the spelling and punctuation: {t}", "Rewrite this correctly: {t}",
        "Correct the grammar: {t}", "Fix this: {t}", "Proofread: {t}")
_FORMAL = ("Rewrite without contractions: {t}", "Make this more formal: {t}", "Rewrite formally: {t}")
_UPPER = ("Rewrite in upper case: {t}", "Write this in capital letters: {t}")
_LOWER = ("Rewrite in lower case: {t}", "Write this in lower case: {t}")
_LIST = ("Turn this into a list: {t}", "Make a bulleted list of: {t}", "List these: {t}", "Rewrite as a list: {t}")
_REPEAT = ("Repeat after me: {t}", "Say: {t}", "Repeat this sentence: {t}")
_POLITE = (("Send me {x}.", "Could you please send me {x}?"), ("Give me {x}.", "Could you please give me {x}?"),
           ("I want {x}.", "I would like {x}, please."), ("I need {x} now.", "I would be grateful for {x} as soon as possible."),
           ("Bring {x}.", "Would you please bring {x}?"), ("Where is {x}?", "Could you please tell me where {x} is?"),
           ("Fix {x}.", "Could you please fix {x}?"), ("Open {x}.", "Could you please open {x}?"),
           ("Tell me about {x}.", "Could you please tell me about {x}?"), ("Stop {x}.", "Could you please stop {x}?"),
           ("Show me {x}.", "Could you please show me {x}?"), ("Call me about {x}.", "Could you please call me about {x}?"))
_OBJECTS = ("the report", "the invoice", "a refund", "the file", "my order", "a coffee", "the address", "the list",
            "the contract", "the door", "the meeting notes", "a new password", "the schedule", "the printer", "a receipt",
            "the project", "the menu", "the keys", "a ticket", "the results")
_ASK_POLITE = ("Make this more polite: {t}", "Rewrite politely: {t}", "Rewrite this in a polite way: {t}")


def _typo(rng: random.Random, word: str) -> str:
    if len(word) < 4 or not word.isalpha():
        return word
    i = rng.randrange(1, len(word) - 1)
    return rng.choice((word[:i] + word[i + 1] + word[i] + word[i + 2:], word[:i] + word[i + 1:], word[:i] + word[i] + word[i:]))


def broken(rng: random.Random, text: str) -> str:
    """The sentence with the mistakes that people make."""
    words = text.split()
    for i in rng.sample(range(len(words)), min(len(words), rng.randint(0, 2))):
        words[i] = _typo(rng, words[i])
    text = " ".join(words)
    if rng.random() < 0.7:
        text = text[0].lower() + text[1:]
    if rng.random() < 0.7:
        text = text.rstrip(".!?")
    if rng.random() < 0.4:
        text = text.replace("'", "").replace(",", "")
    return re.sub(r"\bI\b", "i", text) if rng.random() < 0.5 else text


def rewrites(data: Path, rng: random.Random, share: float) -> Iterator[Item]:
    for record in read(data, "common-voice"):
        text = clean(record["text"]).strip('"')
        if rng.random() > share or not 12 < len(text) < 120 or text.count('"') or text[0] in "'-":
            continue
        roll = rng.random()
        formal = " ".join(_EXPAND.get(w, w) for w in text.split())
        if formal != text:
            yield single("rewrite", text, rng.choice(_FORMAL).format(t=text), formal)
        elif roll < 0.6:
            wrong = broken(rng, text)
            if wrong != text:
                yield single("rewrite", text, rng.choice(_FIX).format(t=wrong), text)
        elif roll < 0.7:
            yield single("rewrite", text, rng.choice(_UPPER).format(t=text), text.upper())
        elif roll < 0.8:
            yield single("rewrite", text, rng.choice(_LOWER).format(t=text), text.lower())
        else:
            yield single("rewrite", text, rng.choice(_REPEAT).format(t=text), text)


def polite(rng: random.Random, count: int) -> Iterator[Item]:
    for _ in range(count):
        rude, kind = rng.choice(_POLITE)
        thing = rng.choice(_OBJECTS)
        yield single("rewrite", f"{rude} {thing}", rng.choice(_ASK_POLITE).format(t=rude.format(x=thing)), kind.format(x=thing))


def lists(rng: random.Random, nouns: list[str], count: int) -> Iterator[Item]:
    for _ in range(count):
        picked = rng.sample(nouns, rng.randint(2, 6))
        text = ", ".join(picked[:-1]) + rng.choice((" and ", ", ", ", and ")) + picked[-1]
        yield single("rewrite", text, rng.choice(_LIST).format(t=text), "\n".join("- " + p for p in picked))
