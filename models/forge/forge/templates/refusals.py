"""What the assistant says when it does not know: plainly, and with a word on who might."""

import random
from typing import Iterator

from . import Item, casual, single
from .countries import invented

FACT = "I don't know. A larger model may know this."
_LIVE = "I don't know. I cannot see live information such as {x}."
_LONG = "I can't do that well: I am a small local model. A larger model can do it."

_LIVE_ASKS = {
    "the weather": ("What's the weather today?", "Will it rain tomorrow?", "What is the weather in {p}?", "Is it cold outside?",
                    "weather forecast", "What's the temperature in {p}?", "Do I need an umbrella today?"),
    "the time": ("What time is it?", "What is the time in {p}?", "what's the date today?", "What day is it today?",
                 "What is today's date?", "Which year is it?"),
    "the news": ("What's in the news?", "What happened today?", "Who won the election?", "Who won the game last night?",
                 "What are the latest headlines?", "Who is the current president?", "Who won the World Cup this year?",
                 "Any news about {p}?"),
    "prices": ("What is the price of Bitcoin?", "How much does an iPhone cost?", "What is the stock price of Apple?",
               "How much is a flight to {p}?", "What's the exchange rate of the euro today?", "price of gold"),
    "places near you": ("Find a restaurant near me.", "Where is the nearest pharmacy?", "Is there a hotel nearby?",
                        "How do I get to the station from here?", "Is the traffic bad in {p}?"),
}
_LONG_ASKS = (
    "Write an essay about {t}.", "Write a poem about {t}.", "Write a story about {t}.", "Write a blog post about {t}.",
    "Write a Python program that manages {t}.", "Translate this into French: {t}", "Translate {t} into German.",
    "How do you say {t} in Spanish?", "Write a function in Java for {t}.", "Compose a song about {t}.",
    "Write a business plan for {t}.", "Analyse the causes of {t} in detail.", "Write a letter about {t}.",
    "Compare {t} and {u} in depth.", "Draw a picture of {t}.", "Debug my code for {t}.", "Prove a theorem about {t}.",
    "Plan a trip to {p} for a week.", "Write a 1000 word article about {t}.", "Explain in detail how {t} affects {u}.",
)
_UNKNOWN_ASKS = ("What is {w}?", "Who is {n}?", "Define {w}.", "Where is {w}?", "Tell me about {n}.", "What does {w} mean?",
                 "When was {n} born?", "What is the capital of {w}?", "Who wrote {w}?", "What is the population of {w}?",
                 "What did {n} invent?", "Who is the president of {w}?", "How tall is {n}?", "Who founded {w}?",
                 "What is a {l}?", "Define {l}.", "what is {l}")
_GIVEN = ("John", "Mary", "Peter", "Olga", "Ravi", "Elena", "Hugo", "Ingrid", "Carlos", "Aisha", "Tom", "Yuki", "Dmitri", "Grace")
_PLACES = ("London", "Paris", "Berlin", "New York", "Tokyo", "Rome", "Madrid", "Chicago", "Boston", "Sydney", "Delhi")


def live(rng: random.Random, count: int) -> Iterator[Item]:
    for _ in range(count):
        what = rng.choice(list(_LIVE_ASKS))
        question = rng.choice(_LIVE_ASKS[what]).format(p=rng.choice(_PLACES))
        yield single("refuse", f"live {what}", casual(rng, question), _LIVE.format(x=what))


def too_long(rng: random.Random, topics: list[str], count: int) -> Iterator[Item]:
    for _ in range(count):
        t, u = rng.sample(topics, 2)
        question = rng.choice(_LONG_ASKS).format(t=t, u=u, p=rng.choice(_PLACES))
        yield single("refuse", f"long {t}", casual(rng, question), _LONG)


def unknown(rng: random.Random, count: int) -> Iterator[Item]:
    """Words, people and places that do not exist."""
    for _ in range(count):
        word = invented(rng)
        name = f"{rng.choice(_GIVEN)} {invented(rng)}"
        question = rng.choice(_UNKNOWN_ASKS).format(w=word, n=name, l=word.lower())
        yield single("refuse", f"unknown {word}", casual(rng, question), FACT)


def unlearnt(items: Iterator[Item]) -> Iterator[Item]:
    """Real questions whose answers the training text does not hold."""
    for item in items:
        yield single("refuse", item.key, item.turns[0][1], FACT)
