"""Sums with the steps that lead to them, and word problems."""

import random
import re
from pathlib import Path
from typing import Iterator

from ..corpus import clean, read
from . import Item, single

_ASK = ("What is {e}?", "{e}", "{e} =", "Calculate {e}.", "How much is {e}?", "what's {e}", "Compute {e}", "{e}?",
        "Can you calculate {e}?", "Solve {e}.", "What does {e} equal?", "Please work out {e}.")
_SIGNS = {"+": ("+", "+", "+", "plus"), "-": ("-", "-", "-", "minus"),
          "*": ("*", "x", "×", "times", "multiplied by"), "/": ("/", "÷", "divided by", "/")}


def _number(rng: random.Random, digits: int) -> int:
    return rng.randint(10 ** (digits - 1), 10 ** digits - 1) if digits > 1 else rng.randint(0, 9)


def add(a: int, b: int) -> str:
    """Tens and ones apart where there is a carry, otherwise at once."""
    if a < 10 or b < 10 or max(a, b) > 999 or a % 10 + b % 10 < 10:
        return f"{a} + {b} = {a + b}"
    ta, tb = a // 10 * 10, b // 10 * 10
    oa, ob = a % 10, b % 10
    return f"{ta} + {tb} = {ta + tb}, {oa} + {ob} = {oa + ob}, {ta + tb} + {oa + ob} = {a + b}.\n{a} + {b} = {a + b}"


def multiply(a: int, b: int) -> str:
    if a < 13 and b < 13 or a % 10 == 0 and b < 13:
        return f"{a} × {b} = {a * b}"
    if a < b:
        a, b = b, a
    if b < 13:
        parts = [int(d) * 10 ** (len(str(a)) - 1 - i) for i, d in enumerate(str(a)) if d != "0"]
        steps = ", ".join(f"{p} × {b} = {p * b}" for p in parts)
        total = " + ".join(str(p * b) for p in parts)
        return f"{steps}, {total} = {a * b}.\n{a} × {b} = {a * b}"
    tens, ones = b // 10 * 10, b % 10
    steps = f"{a} × {tens} = {a * tens}"
    if ones:
        steps += f", {a} × {ones} = {a * ones}, {a * tens} + {a * ones} = {a * b}"
    return f"{steps}.\n{a} × {b} = {a * b}"


def solve(a: int, op: str, b: int) -> str:
    if op == "+":
        return add(a, b) + "."
    if op == "-":
        return f"{a} - {b} = {a - b}."
    if op == "*":
        return multiply(a, b) + "."
    if b == 0:
        return "A number cannot be divided by zero."
    q, r = divmod(a, b)
    return f"{a} ÷ {b} = {q}." if r == 0 else f"{a} ÷ {b} = {q}, remainder {r}."


def pick(rng: random.Random) -> tuple[int, str, int]:
    op = rng.choice("++++---**/")
    if op in "+-":
        size = rng.choice((1, 2, 2, 2, 3, 3, 4))
        a, b = _number(rng, size), _number(rng, max(1, size - rng.choice((0, 0, 0, 1))))
        if op == "-" and a < b and rng.random() < 0.85:
            a, b = b, a
    elif op == "*":
        a, b = rng.choice(((1, 1), (1, 1), (2, 1), (2, 1), (3, 1), (2, 2)))
        a, b = _number(rng, a), _number(rng, b)
    else:
        b = rng.randint(1, 12)
        a = b * rng.randint(1, 20) + (rng.randint(0, b - 1) if rng.random() < 0.25 else 0)
        if rng.random() < 0.01:
            b = 0
    return a, op, b


def sums(rng: random.Random, count: int) -> Iterator[Item]:
    for _ in range(count):
        a, op, b = pick(rng)
        if rng.random() < 0.06:
            yield _percent(rng)
            continue
        sign = rng.choice(_SIGNS[op])
        tight = rng.random() < 0.15 and len(sign) == 1
        text = f"{a}{sign}{b}" if tight else f"{a} {sign} {b}"
        yield single("arithmetic", f"{a}{op}{b}", rng.choice(_ASK).format(e=text), solve(a, op, b))


def _percent(rng: random.Random) -> Item:
    p, n = rng.choice((5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 80, 90)), rng.randint(1, 50) * 20
    result = f"{p * n / 100:g}"
    question = rng.choice(("What is {p}% of {n}?", "{p}% of {n}", "Calculate {p} percent of {n}.",
                           "How much is {p}% of {n}?")).format(p=p, n=n)
    return single("arithmetic", f"{p}%{n}", question, f"1% of {n} is {n / 100:g}, times {p} is {result}.\n{p}% of {n} is {result}.")


_NAMES = ("Anna", "Tom", "Maria", "Sam", "Lena", "Omar", "Julia", "Ben", "Nina", "Paul", "Ravi", "Mei", "Sara", "Leo")
_THINGS = ("apples", "books", "pencils", "coins", "cookies", "marbles", "stickers", "eggs", "cards", "oranges", "balls")
_STORIES = (
    ("+", "{n} has {a} {t} and buys {b} more. How many {t} does {n} have now?", "{n} has {c} {t}."),
    ("+", "There are {a} {t} in one box and {b} in another. How many {t} are there in all?", "There are {c} {t} in all."),
    ("+", "I have {a} {t} and get {b} more. How many do I have?", "You have {c} {t}."),
    ("-", "{n} has {a} {t} and gives away {b}. How many {t} are left?", "{c} {t} are left."),
    ("-", "I had {a} {t} and lost {b}. How many are left?", "{c} {t} are left."),
    ("-", "{n} has {a} dollars and spends {b}. How much money is left?", "{c} dollars are left."),
    ("*", "There are {a} boxes with {b} {t} each. How many {t} are there?", "There are {c} {t}."),
    ("*", "One ticket costs {b} dollars. How much do {a} tickets cost?", "{a} tickets cost {c} dollars."),
    ("/", "{n} shares {a} {t} equally among {b} friends. How many does each get?", "Each friend gets {c} {t}."),
    ("/", "{a} {t} are packed in boxes of {b}. How many boxes are needed?", "{c} boxes are needed."),
)


def stories(rng: random.Random, count: int) -> Iterator[Item]:
    for _ in range(count):
        op, ask, say = rng.choice(_STORIES)
        if op in "+-":
            a, b = sorted((rng.randint(1, 99), rng.randint(1, 60)), reverse=True)
            c = a + b if op == "+" else a - b
        elif op == "*":
            a, b = rng.randint(2, 12), rng.randint(2, 12)
            c = a * b
        else:
            b, c = rng.randint(2, 10), rng.randint(2, 12)
            a = b * c
        words = {"n": rng.choice(_NAMES), "t": rng.choice(_THINGS), "a": a, "b": b, "c": c}
        yield single("story", f"{op}{a},{b}", ask.format(**words), f"{solve(a, op, b)[:-1]}.\n{say.format(**words)}")


def problems(data: Path) -> Iterator[Item]:
    """School problems; annotations of the calculator are dropped."""
    for n, record in enumerate(read(data, "gsm8k-train")):
        steps, _, result = clean(record["answer"]).partition("####")
        steps = re.sub(r"<<[^>]*>>", "", steps).strip()
        yield single("problem", record["question"], clean(record["question"]), f"{steps}\nThe answer is {result.strip()}.")
