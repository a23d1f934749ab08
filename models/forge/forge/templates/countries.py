"""Short facts of countries, asked from memory or read off a given text."""

import random
import re
from pathlib import Path
from typing import Iterator

from ..corpus import clean, read
from . import Item, casual, single

_FIELDS = {
    "Government/Capital/name": (("What is the capital of {c}?", "capital of {c}", "Which city is the capital of {c}?",
                                 "What's the capital city of {c}?", "Name the capital of {c}.",
                                 "Tell me the capital of {c}.", "Do you know the capital of {c}?"),
                                "The capital of {c} is {v}.", 10),
    "Geography/Location": (("Where is {c}?", "Where is {c} located?", "What is the location of {c}?",
                            "In which part of the world is {c}?"), "{c} is in {v}.", 4),
    "People and Society/Population/total": (("What is the population of {c}?", "How many people live in {c}?",
                                             "population of {c}"), "{c} has about {v} people.", 2),
    "Geography/Area/total ": (("How big is {c}?", "What is the area of {c}?", "How large is {c}?"),
                              "The area of {c} is about {v}.", 2),
    "People and Society/Languages/Languages": (("What language is spoken in {c}?", "What language do they speak in {c}?",
                                                "What are the languages of {c}?"), "Languages of {c}: {v}.", 3),
    "Geography/Elevation/highest point": (("What is the highest point of {c}?", "What is the highest mountain in {c}?"),
                                          "The highest point of {c} is {v} metres.", 2),
    "Economy/Exchange rates/Currency": (("What is the currency of {c}?", "What money is used in {c}?",
                                         "Which currency does {c} use?"), "The currency of {c}: {v}.", 4),
    "Government/Independence": (("When did {c} become independent?", "When was the independence of {c}?"),
                                "Independence of {c}: {v}.", 2),
    "People and Society/Nationality/adjective": (("What do you call someone from {c}?",
                                                  "What is the nationality of a person from {c}?"),
                                                 "Someone from {c} is {v}.", 2),
    "Communications/Internet country code": (("What is the internet domain of {c}?",
                                              "What is the country code top-level domain of {c}?"),
                                             "The internet country code of {c} is {v}.", 1),
    "Government/National color(s)": (("What are the national colors of {c}?",), "The national colors of {c} are {v}.", 1),
    "Economy/Agricultural products": (("What does {c} grow?", "What are the agricultural products of {c}?"),
                                      "{c} grows {v}.", 1),
    "Geography/Climate": (("What is the climate of {c}?", "What is the climate like in {c}?"),
                          "The climate of {c}: {v}.", 1),
}

_WITH_ARTICLE = ("United", "Netherlands", "Philippines", "Bahamas", "Maldives", "Gambia", "Czech Rep", "Solomon",
                 "Marshall", "Cayman", "Falkland", "Cook", "Faroe", "British Virgin", "Central African", "Dominican Rep",
                 "Democratic Rep", "Republic of")


def spoken(title: str) -> str:
    """The name as a sentence has it: `Korea, South` is South Korea."""
    if ", " in title:
        a, b = title.split(", ", 1)
        title = f"{b} {a}"
    return "the " + title if title.startswith(_WITH_ARTICLE) else title


def value(field: str, raw: str) -> str | None:
    v = clean(raw)
    v = re.split(r";| note[ -]|\bnote:", v)[0]
    v = re.sub(r"\s*\((\d{4} est\.|\d{4}|official|est\.)[^)]*\)", "", v)
    v = re.sub(r"^(conventional short form|name|description|metropolitan France):\s*", "", v)
    if field.endswith("Languages"):
        v = re.sub(r"\s*\([^)]*\)", "", v)
        v = re.sub(r"\s*\d[\d.]*%.*?(?=,|$)", "", v)
        v = ", ".join(v.split(", ")[:3])
    if field.endswith("total"):
        v = v.split("(")[0]
        if re.fullmatch(r"[\d,]{5,}\s*", v):
            n = int(v.replace(",", ""))
            v = f"{n / 1e6:.0f} million" if n >= 10_000_000 else f"{n / 1e6:.1f} million" if n >= 1_000_000 else f"{n:,}"
    if field.endswith("Currency"):
        v = re.sub(r"\s*\(.*", "", v)
        v = re.sub(r"\s*per US dollar.*", "", v)
    v = v.strip(" -,.")
    return v if 1 < len(v) < 110 else None


def _facts(data: Path) -> Iterator[tuple[str, dict]]:
    for record in read(data, "factbook"):
        fields = {}
        for path, raw in record["facts"]:
            if path in _FIELDS and (v := value(path, raw)):
                fields[path] = v
        if "(" not in record["title"]:
            yield record["title"], fields


def answer(country: str, field: str, v: str) -> str:
    text = _FIELDS[field][1].format(c=country, v=v)
    return text[0].upper() + text[1:]


def facts(data: Path, rng: random.Random, variants: int) -> Iterator[Item]:
    for title, fields in _facts(data):
        country = spoken(title)
        for field, v in fields.items():
            asks, _, weight = _FIELDS[field]
            for _ in range(weight * variants):
                question = rng.choice(asks).format(c=country)
                yield single("country", f"{title}/{field}", casual(rng, question), answer(country, field, v))


_LABELS = {
    "Government/Capital/name": "capital", "Geography/Location": "location",
    "People and Society/Population/total": "population", "Geography/Area/total ": "area",
    "Geography/Elevation/highest point": "highest point", "Economy/Exchange rates/Currency": "currency",
    "Communications/Internet country code": "internet code", "Government/National color(s)": "national colors",
}
_READ = ("Text: {t}\n\nWhat is the {l}?", "{t}\n\nQuestion: What is the {l}?", "Read this and tell me the {l}: {t}",
         "Using this text, what is the {l}?\n\n{t}", "Context: {t}\nWhat is the {l}?")


def reading(data: Path, rng: random.Random, count: int) -> Iterator[Item]:
    """Answers that stand in the given text, about places that do not exist, so that nothing can be remembered."""
    values = {l: [] for l in _LABELS.values()}
    names = []
    for title, fields in _facts(data):
        names.append(title)
        for f, v in fields.items():
            if f in _LABELS and len(v) < 60:
                values[_LABELS[f]].append(v)
    for n in range(count):
        chosen = rng.sample(list(values), rng.randint(2, 5))
        place = invented(rng)
        given = {l: rng.choice(values[l]) for l in chosen}
        lines = [f"{l.capitalize()}: {v}" for l, v in given.items()]
        text = f"{place}. " + ". ".join(lines) + "." if rng.random() < 0.5 else place + "\n" + "\n".join(lines)
        label = rng.choice(chosen)
        yield single("reading", f"reading {n}", rng.choice(_READ).format(t=text, l=label),
                     f"The {label} is {given[label]}.")


_START = ("Bra", "Kel", "Tor", "Mar", "Vel", "Dro", "San", "Lor", "Pel", "Gri", "Nal", "Zan", "Fer", "Qui", "Hal", "Osk",
          "Wen", "Ild", "Cor", "Yar", "Bel", "Mun", "Tas", "Rud", "Elv", "Jun", "Ster", "Phi", "Gla", "Xan")
_MIDDLE = ("do", "va", "ri", "mo", "ne", "lu", "ta", "ki", "so", "be", "ga", "thi", "ro", "da", "zu", "pe")
_END = ("nia", "land", "ria", "stan", "ville", "burg", "dor", "mar", "tov", "lia", "quist", "mont", "rex", "vik", "lin")


def invented(rng: random.Random) -> str:
    return rng.choice(_START) + "".join(rng.choice(_MIDDLE) for _ in range(rng.randint(1, 2))) + rng.choice(_END)
