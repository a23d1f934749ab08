"""Step `tokenizer`: trains a byte-level BPE, digits apart, and encodes the prepared text with it."""

import json
import random
from pathlib import Path
from typing import Iterator

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from .sizes import Size

END_OF_TEXT, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
SPECIAL = (END_OF_TEXT, START, END)
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content']"
    " + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
# An encoded token with this bit set is one that the model has to say itself.
ANSWER = 0x8000


def render(turns: list, generate: bool = False) -> str:
    """The chat template, in Python."""
    text = END_OF_TEXT + "".join(f"{START}{role}\n{said}{END}\n" for role, said in turns)
    return text + f"{START}assistant\n" if generate else text


def train(work: Path, size: Size) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=size.vocab, special_tokens=list(SPECIAL), show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(_sample(work), trainer)
    if tokenizer.get_vocab_size() != size.vocab:
        raise ValueError(f"the text gives {tokenizer.get_vocab_size()} tokens, fewer than the {size.vocab} asked for")
    out = work / "tokenizer"
    out.mkdir(exist_ok=True)
    tokenizer.save(str(out / "tokenizer.json"))
    (out / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": END_OF_TEXT, "eos_token": END, "pad_token": END_OF_TEXT,
        "add_bos_token": False, "add_prefix_space": False, "clean_up_tokenization_spaces": False,
        "model_max_length": size.context, "chat_template": CHAT_TEMPLATE,
        "added_tokens_decoder": {str(i): {"content": t, "special": True, "lstrip": False, "rstrip": False,
                                          "normalized": False, "single_word": False} for i, t in enumerate(SPECIAL)},
    }, indent=1))
    return tokenizer


def _sample(work: Path) -> Iterator[str]:
    """Every third document and conversation: enough to rank merges."""
    for name in ("raw.jsonl", "instruct.jsonl"):
        with (work / name).open(encoding="utf-8") as f:
            for n, line in enumerate(f):
                if n % 3 == 0:
                    record = json.loads(line)
                    yield record["text"] if "text" in record else "\n".join(said for _, said in record["turns"])


def load(work: Path) -> Tokenizer:
    return at(work / "tokenizer")


def at(directory: Path) -> Tokenizer:
    path = directory / "tokenizer.json"
    if not path.is_file():
        raise ValueError(f"{path} is missing")
    return Tokenizer.from_file(str(path))


def encode(work: Path, name: str, *sources: str, seed: int | None = None) -> int:
    """Writes `NAME.bin`, 16-bit token ids with answers marked, of these files; shuffled if there is a seed."""
    tokenizer, parts = load(work), []
    texts = [t for source in sources for t in _texts(work / source)]
    if seed is not None:
        random.Random(seed).shuffle(texts)
    for start in range(0, len(texts), 4096):
        for encoding in tokenizer.encode_batch(texts[start:start + 4096], add_special_tokens=False):
            parts.append(np.asarray(encoding.ids, dtype=np.uint16))
    stream = mark_answers(np.concatenate(parts), tokenizer)
    stream.tofile(work / f"{name}.bin")
    return int(stream.size)


def _texts(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            yield END_OF_TEXT + record["text"] if "text" in record else render(record["turns"])


def mark_answers(stream: np.ndarray, tokenizer: Tokenizer) -> np.ndarray:
    """Sets the ANSWER bit from behind `assistant` up to and with the end of its turn."""
    start, end = tokenizer.token_to_id(START), tokenizer.token_to_id(END)
    role = tokenizer.encode("assistant\n", add_special_tokens=False).ids
    starts = np.flatnonzero(stream == start)
    starts = starts[starts + len(role) < stream.size]
    for offset, token in enumerate(role, 1):
        starts = starts[stream[starts + offset] == token]
    first = starts + len(role) + 1
    ends = np.flatnonzero(stream == end)
    following = np.searchsorted(ends, first)
    inside = following < ends.size
    steps = np.zeros(stream.size + 1, dtype=np.int32)
    np.add.at(steps, first[inside], 1)
    np.add.at(steps, ends[following[inside]] + 1, -1)
    marked = np.cumsum(steps[:-1]) > 0
    return np.where(marked, stream | ANSWER, stream).astype(np.uint16)
