"""The steps by name, each from files to files in the work folder, each skipped where its result is there."""

import json
import random
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

import torch

from . import calibrate as calibration, compare as comparison, difficulty as heads, distil, evaluate as evaluation, grid, model as models, packing, prepare as preparation, prune as pruning
from . import honest as honesty, quantize as quantization, sequences as teachings, tokenizer as tokenizers, train as training, tune as tuning
from .corpus import CorpusError
from .sizes import SIZES, Size

FAILURES = (CorpusError, models.ModelError, packing.StreamError, training.TrainingError, evaluation.EvaluationError,
            quantization.CalibrationError, distil.TrafficError, ValueError)


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, help="evaluate, quantize, prune, honest-tune, export: the checkpoint to work on; restore: the model directory")
    parser.add_argument("--name", help="name of the result; default: by the step")
    parser.add_argument("--without-teacher", action="store_true", help="distil: cross-entropy only, the comparison")
    parser.add_argument("--bits", choices=("int4", "int8"), default="int4", help="quantize")
    parser.add_argument("--block", type=int, default=64, help="quantize: weights that share a scale, int4")
    parser.add_argument("--how", choices=("nearest", "calibrated", "trained"), default="trained", help="quantize")
    parser.add_argument("--conversations", choices=("instruct", "honest", "taught"),
                        help="plain, distil, prune, quantize: which of them the last phase learns; default: instruct without a teacher, else taught")
    parser.add_argument("--balance", type=float, default=1.0, help="honest-tune: weight of handing over beside answering")
    parser.add_argument("--bf16", action="store_true", help="honest-tune, distil --from: bfloat16 on a CPU too, for one that has it")
    parser.add_argument("--url", help="evaluate, difficulty: an edgeway to ask instead of the checkpoint")
    parser.add_argument("--served", default="nano", help="evaluate, difficulty: the model's name at --url")
    parser.add_argument("--items", type=int, help="evaluate: at most so many of each kind")
    parser.add_argument("--from", dest="traffic", type=Path, help="distil: recorded traffic (JSONL) to learn from")
    parser.add_argument("--base", type=Path, help="distil --from: the checkpoint to start from; honest-tune: the one to stay like, default --model")
    parser.add_argument("--steps", type=int, help="honest-tune: how many; default: by the size")
    parser.add_argument("--out", type=Path, help="distil --from, export, restore: where the result goes")
    parser.add_argument("--embedder", type=Path, default=Path("minilm"), help="difficulty: MiniLM, a directory or the jar")
    parser.add_argument("--scores", type=Path, help="difficulty: an evaluation whose scores by kind serve as labels")
    parser.add_argument("--epochs", type=int, default=3, help="distil --from")


def run(options: Namespace) -> dict:
    options.size_of = SIZES[options.size]
    if options.device == "auto":
        options.device = "cuda" if torch.cuda.is_available() else "cpu"
    random.seed(options.seed)
    if options.step == "all":
        return {step: STEPS[step](options) for step in ALL}
    return STEPS[options.step](options)


def _done(options: Namespace, name: str) -> Path | None:
    path = options.work / name
    return path if (path / "model.safetensors").is_file() else None


def prepare(options: Namespace) -> dict:
    found = options.work / "prepare.json"
    if found.is_file():
        return json.loads(found.read_text())
    return preparation.prepare(options.data, options.work, options.size_of, options.seed)


def tokenizer(options: Namespace) -> dict:
    if not (options.work / "tokenizer" / "tokenizer.json").is_file():
        tokenizers.train(options.work, options.size_of)
    return {name: tokenizers.encode(options.work, name, f"{name}.jsonl") for name in ("raw", "instruct")}


def teacher(options: Namespace) -> dict:
    size: Size = options.size_of
    if _done(options, "teacher"):
        return {"skipped": "teacher is there"}
    model = models.Llama(size.teacher)
    result = training.train(model, options.work, "teacher", size.teacher_schedule, options.device, options.seed)
    models.save(model, options.work / "teacher", options.work / "tokenizer")
    return _brief(result)


def distil_step(options: Namespace) -> dict:
    if options.traffic:
        return distil.from_traffic(options.traffic, options.base, options.out, options.device, options.seed, options.epochs,
                                   options.bf16 or None)
    size: Size = options.size_of
    name = options.name or options.student + ("-plain" if options.without_teacher else "")
    if _done(options, name):
        return {"skipped": f"{name} is there"}
    guide = None if options.without_teacher else models.load(options.work / "teacher", options.device)
    return _student(options, name, _last_phase(options, guide), guide)


def _last_phase(options: Namespace, guide) -> str:
    return f"{options.conversations or ('instruct' if guide is None else 'taught')}.bin"


def _student(options: Namespace, name: str, last_phase: str, guide=None) -> dict:
    size: Size = options.size_of
    model = models.Llama(size.students[options.student])
    mixture = packing.Mixture(options.work, model.shape.context, options.seed, model.shape.vocab, last_phase)
    result = training.train(model, options.work, name, size.student_schedule, options.device, options.seed, guide,
                            None if guide is None else training.Distillation(), mixture=mixture)
    models.save(model, options.work / name, options.work / "tokenizer")
    return _brief(result)


def plain(options: Namespace) -> dict:
    """The same student without a teacher, the comparison."""
    options.without_teacher = True
    result = distil_step(options)
    options.without_teacher = False
    return result


def honest(options: Namespace) -> dict:
    name, found = options.student + "-asked", options.work / "honest.json"
    if found.is_file():
        return json.loads(found.read_text())
    if not _done(options, name):
        _student(options, name, "")
    model = models.load(options.work / name, options.device).eval()
    questions = honesty.asked(options.work / "instruct.jsonl", honesty.KNOWN_FROM, options.size_of.asked)
    facts = honesty.known(model, tokenizers.load(options.work), questions, options.device)
    report = honesty.relabel(options.work, facts, options.seed) | {"questions": len(questions)}
    report["tokens"] = tokenizers.encode(options.work, "honest", "honest.jsonl")
    found.write_text(json.dumps(report, indent=1))
    return report


def sequences(options: Namespace) -> dict:
    found = options.work / "sequences.json"
    if found.is_file():
        return json.loads(found.read_text())
    model = models.load(options.work / "teacher", options.device).eval()
    report = teachings.write(options.work, model, tokenizers.load(options.work), options.size_of.sequences, options.device,
                             options.seed)
    report = {"kinds": report, "tokens": tokenizers.encode(options.work, "taught", "instruct.jsonl", "sequences.jsonl",
                                                           seed=options.seed)}
    found.write_text(json.dumps(report, indent=1))
    return report


def prune(options: Namespace) -> dict:
    """The curve: every cut before and after healing."""
    source = options.model or options.work / options.student
    whole = models.load(source, options.device)
    tokens = tokenizers.load(options.work)
    models.check_vocabulary(whole, tokens)
    guide = models.load(options.work / "teacher", options.device)
    scores = pruning.importance(whole, _calibration(options, whole))
    curve = []
    for heads, ffn in pruning.steps(whole.shape.heads // whole.shape.kv_heads, whole.shape.ffn):
        small = pruning.prune(whole, scores, heads, ffn)
        name = f"{options.student}-pruned-{small.shape.heads}-{ffn}"
        before = _text_perplexity(small, options, tokens)
        heal(small, options, name, guide)
        curve.append({"name": name, "heads": small.shape.heads, "ffn": ffn, "parameters": small.shape.parameters(),
                      "perplexity before healing": before, "after": _text_perplexity(small, options, tokens)})
        models.save(small, options.work / name, options.work / "tokenizer")
    (options.work / "prune.json").write_text(json.dumps(curve, indent=1))
    return {"curve": curve}


def heal(model, options: Namespace, name: str, guide) -> None:
    size: Size = options.size_of
    schedule = replace(size.student_schedule, tokens=size.heal_tokens, lr=size.student_schedule.lr / 5, instruct_share=0.7)
    rule = None if guide is None else training.Distillation()
    mixture = packing.Mixture(options.work, model.shape.context, options.seed + 1, model.shape.vocab, f"{options.conversations or 'taught'}.bin")
    training.train(model, options.work, name, schedule, options.device, options.seed + 1, guide, rule, mixture=mixture)


def quantize(options: Namespace) -> dict:
    source = options.model or options.work / options.student
    model = models.load(source, options.device)
    tokens = tokenizers.load(options.work)
    models.check_vocabulary(model, tokens)
    name = options.name or f"{source.name}-{options.bits}-{options.how}"
    if options.how == "nearest":
        quantization.round_to_nearest(model, options.bits, options.block)
    elif options.how == "calibrated":
        quantization.calibrated(model, options.bits, options.block, _calibration(options, model))
    else:
        q = grid.quantizer(options.bits, options.block)
        guide = models.load(options.work / "teacher", options.device) if _done(options, "teacher") else None
        heal(model.quantize_with(q, q), options, name, guide)
        quantization.round_to_nearest(model.quantize_with(None, None), options.bits, options.block)
    models.save(model, options.work / name, options.work / "tokenizer")
    return {"name": name, "perplexity": _text_perplexity(model, options, tokens)}


def honest_tune(options: Namespace) -> dict:
    source = options.model or options.work / f"{options.student}-int4-trained"
    name = options.name or f"{source.name}-tuned"
    if _done(options, name):
        return {"skipped": f"{name} is there"}
    model, former = models.load(source, options.device), models.load(options.base or source, options.device)
    if former.shape != model.shape:
        raise models.ModelError(f"{options.base} is no former self of {source}: it has another shape")
    tokens, size = tokenizers.at(source), options.size_of.tuning
    models.check_vocabulary(model, tokens)
    result = tuning.tune(model, former, tokens, options.work, name, tuning.Honesty(balance=options.balance),
                         grid.quantizer(options.bits, options.block), replace(size, steps=options.steps or size.steps), options.device, options.seed,
                         options.bf16 or options.device.startswith("cuda"))
    quantization.round_to_nearest(model, options.bits, options.block)
    models.save(model, options.work / name, source)
    return _brief(result)


def calibrate(options: Namespace) -> dict:
    source = options.model or options.work / f"{options.student}-int4-trained"
    model, tokens = models.load(source, options.device), tokenizers.load(options.work)
    models.check_vocabulary(model, tokens)
    result = calibration.calibrate(model.eval(), options.work, tokens, options.device, options.seed)
    models.save(model, options.work / (options.name or options.student + "-final"), options.work / "tokenizer")
    return result


def export(options: Namespace) -> dict:
    from .export import export as write

    source = options.model or options.work / f"{options.student}-int4-trained"
    target = options.out or options.work / "export"
    return {"files": write(source, target, options.bits, options.block)}


def restore(options: Namespace) -> dict:
    from .export import restore as read

    if options.model is None or options.out is None:
        raise ValueError("restore needs --model, an edgeway model directory, and --out, where the checkpoint goes")
    return {"files": read(options.model, options.out)}


def evaluate(options: Namespace) -> dict:
    limit = options.items or options.size_of.evaluate_items
    if options.url:
        result = {"model": options.served, "tasks": evaluation.tasks(options.work, evaluation.by_gateway(options.url, options.served), limit)}
    else:
        source = options.model or options.work / options.student
        model = models.load(source, options.device).eval()
        tokens = tokenizers.load(options.work)
        models.check_vocabulary(model, tokens)
        result = {
            "model": source.name, "parameters": model.shape.parameters(),
            "perplexity": evaluation.perplexity(model, options.work, tokens, options.device, limit),
            "choices": evaluation.choices(model, options.work, tokens, options.device, limit),
            "tasks": evaluation.tasks(options.work, evaluation.by_checkpoint(source, options.device), limit),
        }
    path = options.work / "evaluations" / f"{options.name or result['model']}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1))
    return result


def compare(options: Namespace) -> dict:
    """Also rounds the student without training, which nothing else needs."""
    of = lambda **changes: Namespace(**vars(options) | {"model": None, "url": None, "name": None} | changes)
    for bits, how in (("int8", "nearest"), ("int4", "nearest"), ("int4", "calibrated")):
        name = f"{options.student}-{bits}-{how}"
        if _done(options, options.student) and not _done(options, name) and not comparison.evaluated(options.work, name):
            quantize(of(bits=bits, how=how, name=name))
    columns = comparison.names(options.work, options.student)
    for name in columns:
        if not comparison.evaluated(options.work, name):
            evaluate(of(model=options.work / name, name=name))
    found = options.work / "comparison.md"
    found.write_text(comparison.table(options.work, columns))
    return {"compared": columns, "table": str(found)}


def difficulty(options: Namespace) -> dict:
    source = options.model or options.work / f"{options.student}-int4-trained"
    asked, each = options.data / "eval" / "queries.txt", options.items or 70
    if options.scores:
        found = heads.by_kind(options.work, options.scores, asked, each, options.seed)
    else:
        answer = evaluation.by_gateway(options.url, options.served) if options.url else evaluation.by_checkpoint(source, options.device)
        found = heads.outcomes(options.work, answer, asked, each, options.seed)
    return heads.train(options.work, found, options.embedder, options.out or options.work / "difficulty-head.json", options.seed)


def _calibration(options: Namespace, model) -> list[torch.Tensor]:
    mixture = packing.Mixture(options.work, model.shape.context, options.seed + 2, model.shape.vocab)
    return [mixture.batch(4, 0.5, False, options.device)[0] for _ in range(8)]


def _text_perplexity(model, options: Namespace, tokens) -> float:
    found = evaluation.perplexity(model.eval(), options.work, tokens, options.device, min(100, options.size_of.evaluate_items))
    return {"text": found["all text"]["perplexity"], "arithmetic": found.get("answers: arithmetic", {}).get("perplexity"),
            "define": found.get("answers: define", {}).get("perplexity")}


def _brief(result: dict) -> dict:
    return {k: v for k, v in result.items() if k != "history"} | {"loss": result["history"][-1]["loss"] if result["history"] else None}


STEPS = {"prepare": prepare, "tokenizer": tokenizer, "teacher": teacher, "honest": honest, "plain": plain, "sequences": sequences,
         "distil": distil_step, "prune": prune,
         "quantize": quantize, "honest-tune": honest_tune, "calibrate": calibrate, "export": export, "restore": restore,
         "evaluate": evaluate, "compare": compare, "difficulty": difficulty}
ALL = ("prepare", "tokenizer", "teacher", "plain", "sequences", "distil", "prune", "quantize", "export",
       "compare")
