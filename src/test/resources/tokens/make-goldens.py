"""Trains one small tokenizer for each family of pre-tokenizers and records what Hugging Face `tokenizers` 0.23.2
makes of texts that are hard to cut. Run in this folder: python make-goldens.py"""

import json
import random
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

GPT4 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SOURCES = sorted(Path(__file__).parents[4].joinpath("src/main/java").rglob("*.java"))[:60]
WORDS = "über naïve Ñandú Straße 東京は夜です привет мир مرحبا שלום 안녕하세요 ελληνικά 😀👍🏽 👨‍👩‍👧 café don't we'll I'VE 3.14159 2026-11-23"


def byte_level(tokenizer):
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)


def smollm(tokenizer):
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )


def qwen(tokenizer):
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(GPT4 % ""), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])


def llama3(tokenizer):
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(GPT4 % "{1,3}"), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])


def texts():
    yield from (
        "", " ", "\n", "   ", "a", "Hello, world!", "  two  spaces  ", "tabs\t\tand\r\n\r\nlines \n x", "don't WE'LL i'Ve",
        "price: $1,234.56 (20%) №5 ½ ² ٣٤٥ Ⅷ", "naïve cafe\u0301 A\u030a ﬁ ﬃ Å", "😀👍🏽👨‍👩‍👧‍👦🇫🇷", "日本語のテキスト、です。", "한국어 조합 ᄒ",
        "שלום עולם", "مرحبا بالعالم ١٢٣", "हिन्दी में", "ไทย ภาษา", "for (int i = 0; i < n; i++) {\n    x[i] += y;\n}\n",
        "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", "a<|im_end|>b <|im_end|> c<|im_end|>", "x <tool> y<tool>z  <tool>",
        "\u00a0nbsp\u2003em\u200bzero\u3000wide\u0085nel\u2028ls", "'ſ 'S 'K \u212a", "a" * 300, "ab" * 400, " " * 200 + "x",
        "\n" * 70, "1" * 100, "!?" * 90, "e\u0301" * 60, "\u0000\u0001\ufffd\ufeff", "end with space ", "word\u2019s \u2018q\u2019",
    )
    # Added tokens: what is a part of a word beside them, and what is white space.
    for beside in "x1_\u00e9\u0301\u0903\u20dd\u2163\u00b2\u0663\u203f\uff3f\u200c\u200d\u24d0\u2040\U00010792\U000114d7\u002d\u00aa\u00b7\u2028\u00ad\u093f":
        yield f"{beside}café <|im_end|>café{beside}"
    for space in "\u0009\u000b\u001c\u001f \u0085\u00a0\u1680\u180e\u2007\u200b\u2028\u202f\u205f\u2060\u3000\ufeff":
        yield f"a{space}{space}<tool>{space}b"
    yield from ("cafécafé café", "cafécafé<tool>café", "<tool>  <tool>\n<tool>", "café")
    rng = random.Random(7)
    ranges = [(32, 127), (9, 14), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x530), (0x5D0, 0x700), (0x900, 0xA00),
              (0x2000, 0x2070), (0x3000, 0x3100), (0x4E00, 0x4F00), (0xAC00, 0xAD00), (0x1F300, 0x1F650), (0xE000, 0xE010)]
    for _ in range(250):
        chars = []
        for _ in range(rng.randint(1, 12)):
            low, high = rng.choice(ranges if rng.random() < 0.5 else ranges[:3])
            chars += [chr(rng.randrange(low, high)) for _ in range(rng.randint(1, 5))]
            chars += rng.choice(["", " ", "  ", "\n", "'s", "<|im_end|>", "the ", "return "])
        yield "".join(chars)


def sentencepiece(corpus, metaspace):
    """What Llama 2 (normalizer) and Mistral 7B v0.3 (metaspace) have: characters, and bytes for those it lacks."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    trained.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=640, limit_alphabet=150, show_progress=False))
    learnt = json.loads(trained.to_str())["model"]
    names = ["<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256)), *sorted(learnt["vocab"], key=learnt["vocab"].get)]
    tokenizer = Tokenizer(models.BPE(
        {name: i for i, name in enumerate(names)},
        [tuple(rule) if isinstance(rule, list) else tuple(rule.split(" ")) for rule in learnt["merges"]],
        unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    if metaspace:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    else:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(steps)
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>", "<|im_end|>"])
    tokenizer.add_tokens([AddedToken("<tool>", lstrip=True, rstrip=True, normalized=False)])
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def goldens(tokenizer):
    made = []
    for text in texts():
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        made.append({
            "text": text, "ids": ids, "wrapped": tokenizer.encode(text).ids,
            "decoded": tokenizer.decode(ids, skip_special_tokens=False),
            "plain": tokenizer.decode(ids, skip_special_tokens=True),
        })
    rng = random.Random(3)
    for _ in range(100):
        # Bytes that are no character are replaced one by one in SentencePiece's, by parts of a character in byte-level BPE.
        low = 259 if tokenizer.token_to_id("<0x00>") else 0
        ids = [rng.randrange(low, tokenizer.get_vocab_size()) for _ in range(rng.randint(1, 20))]
        made.append({"text": None, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False),
                     "plain": tokenizer.decode(ids, skip_special_tokens=True)})
    return made


def save(tokenizer, name):
    tokenizer.save(f"{name}.json", pretty=False)
    Path(f"{name}.goldens.json").write_text(json.dumps(goldens(tokenizer), ensure_ascii=True, separators=(",", ":")))


def main():
    corpus = [p.read_text() for p in SOURCES] + [WORDS] * 20
    save(sentencepiece(corpus, False), "llama2")
    save(sentencepiece(corpus, True), "mistral")
    for setup in (byte_level, smollm, qwen, llama3):
        tokenizer = Tokenizer(models.BPE(ignore_merges=setup is llama3))
        setup(tokenizer)
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
            vocab_size=900, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
        tokenizer.add_special_tokens(["<|im_start|>", "<|im_end|>"])
        tokenizer.add_tokens([AddedToken("<tool>", lstrip=True, rstrip=True, normalized=False), AddedToken("café", single_word=True)])
        start = tokenizer.token_to_id("<|im_start|>")
        if setup is llama3:
            tokenizer.post_processor = processors.Sequence([
                processors.ByteLevel(trim_offsets=False),
                processors.TemplateProcessing("<|im_start|> $A", special_tokens=[("<|im_start|>", start)]),
            ])
        save(tokenizer, setup.__name__)


main()
