"""What a run of the forge costs: model shapes, token budgets and batch shapes by name."""

from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Shape:
    """A Llama architecture."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    ffn: int
    head_dim: int = 64
    vocab: int = 8192
    context: int = 2048
    rope_theta: float = 10000.0
    norm_eps: float = 1e-5

    def parameters(self) -> int:
        attention = self.hidden * self.head_dim * (2 * self.heads + 2 * self.kv_heads)
        layer = attention + 3 * self.hidden * self.ffn + 2 * self.hidden
        return self.vocab * self.hidden + self.layers * layer + self.hidden

    def as_dict(self) -> dict:
        return asdict(self)


@dataclass(frozen=True)
class Schedule:
    """How long and how fast one model is trained."""

    tokens: int
    lr: float
    batch_tokens: int
    rows: int
    instruct_share: float = 0.3
    warmup: float = 0.02
    muon: bool = True


@dataclass(frozen=True)
class Tuning:
    """How long and how much of a student is tuned; a row is one short conversation."""

    steps: int
    rows: int
    layers: int
    lr: float = 4e-4


@dataclass(frozen=True)
class Size:
    """One complete forge: the shapes, the schedules and how much text is prepared."""

    context: int
    vocab: int
    text_share: float
    variants: int
    teacher: Shape
    teacher_schedule: Schedule
    students: dict = field(default_factory=dict)
    student_schedule: Schedule = None
    heal_tokens: int = 0
    evaluate_items: int = 200
    # Questions asked of a student to learn what it knows (None: all), and prompts that the teacher answers for it.
    asked: int | None = None
    sequences: int = 0
    tuning: Tuning = None


SMOKE = Size(
    context=256,
    vocab=2048,
    text_share=0.01,
    variants=1,
    teacher=Shape(hidden=192, layers=3, heads=6, kv_heads=2, ffn=512, head_dim=32, vocab=2048, context=256),
    teacher_schedule=Schedule(tokens=100_000, lr=4e-3, batch_tokens=2048, rows=8),
    students={
        "nano": Shape(hidden=128, layers=2, heads=4, kv_heads=2, ffn=320, head_dim=32, vocab=2048, context=256),
    },
    student_schedule=Schedule(tokens=120_000, lr=5e-3, batch_tokens=2048, rows=8),
    heal_tokens=12_000,
    evaluate_items=16,
    asked=200,
    sequences=100,
    tuning=Tuning(steps=20, rows=8, layers=1),
)

NANO = Size(
    context=2048,
    vocab=8192,
    text_share=1.0,
    variants=4,
    teacher=Shape(hidden=768, layers=14, heads=12, kv_heads=4, ffn=2048),
    teacher_schedule=Schedule(tokens=150_000_000, lr=2e-3, batch_tokens=131_072, rows=32),
    students={
        "nano": Shape(hidden=384, layers=12, heads=6, kv_heads=2, ffn=1152),
        "pico": Shape(hidden=320, layers=10, heads=5, kv_heads=1, ffn=896),
    },
    student_schedule=Schedule(tokens=200_000_000, lr=3e-3, batch_tokens=131_072, rows=64),
    heal_tokens=13_000_000,
    evaluate_items=300,
    sequences=12_000,
    tuning=Tuning(steps=140, rows=48, layers=8),
)

SIZES = {"smoke": SMOKE, "nano": NANO}
