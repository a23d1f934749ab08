"""The parts of the forge, each against what it must not get wrong."""

import json
import random

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models as tokenizer_models, pre_tokenizers, trainers

from forge import calibrate, corpus, difficulty, distil, evaluate, generate, grid, honest, model, packing, prepare, \
    prune, quantize, sequences, tokenizer, train, tune
from forge.__main__ import main
from forge.sizes import Schedule, Shape, Tuning
from forge.templates import arithmetic, refusals, single

SHAPE = Shape(hidden=64, layers=2, heads=4, kv_heads=2, ffn=96, head_dim=16, vocab=320, context=32)


@pytest.fixture(scope="module")
def words() -> Tokenizer:
    t = Tokenizer(tokenizer_models.BPE())
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                               pre_tokenizers.ByteLevel(add_prefix_space=False)])
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(["assistant user system hello there"] * 3, trainers.BpeTrainer(
        vocab_size=280, special_tokens=list(tokenizer.SPECIAL), show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return t


@pytest.fixture()
def work(tmp_path) -> "Path":
    rng = np.random.default_rng(1)
    for name in ("raw", "instruct"):
        rng.integers(3, 300, 4000).astype(np.uint16).tofile(tmp_path / f"{name}.bin")
    (tmp_path / "tokenizer").mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "tokenizer" / name).write_text("{}")
    return tmp_path


def test_same_logits_as_transformers(tmp_path, work):
    from transformers import LlamaForCausalLM

    torch.manual_seed(3)
    ours = model.Llama(SHAPE).eval()
    for p in ours.parameters():
        torch.nn.init.normal_(p, std=0.1)
    model.save(ours, tmp_path / "m", work / "tokenizer")
    theirs = LlamaForCausalLM.from_pretrained(tmp_path / "m").eval()
    ids = torch.randint(0, SHAPE.vocab, (2, 20))
    with torch.no_grad():
        torch.testing.assert_close(ours(ids), theirs(ids).logits, atol=1e-4, rtol=1e-4)


def test_only_answers_are_marked(words):
    turns = [("system", "hello"), ("user", "there"), ("assistant", "hello there"), ("user", "x"), ("assistant", "yes")]
    ids = np.asarray(words.encode(tokenizer.render(turns), add_special_tokens=False).ids, dtype=np.uint16)
    marked = tokenizer.mark_answers(ids, words)
    said = words.decode([int(t & 0x7fff) for t in marked if t & tokenizer.ANSWER], skip_special_tokens=False)
    assert said == "hello there<|im_end|>yes<|im_end|>"


@pytest.mark.parametrize("kind", ["arithmetic", "summary", "service", "rewrite"])
def test_an_answer_is_on_one_side_only(kind):
    items = [single(kind, f"key {i % 300}", f"question {i}", "answer") for i in range(3000)]
    train_items, held = prepare._separate(items)
    assert held and not {i.key for i in train_items} & {h["key"] for h in held}


def test_the_never_taught_are_refused():
    items = [single("define", f"word {i}", f"Define word {i}.", f"meaning {i}") for i in range(2000)]
    train_items, _ = prepare._separate(items)
    for item in train_items:
        answer = item.turns[-1][1]
        taught = corpus.split(item.key) != "unknown"
        assert (answer.startswith("meaning")) == taught


@pytest.mark.parametrize("kind", ["fact", "persona", "country", "command"])
def test_what_must_be_remembered_is_taught_whatever_its_key(kind):
    items = [single(kind, f"key {n}", f"What is thing number {n}{way}?", "It is this.") for n in range(300) for way in ("", ", pray", " again")]
    train_items, held = prepare._separate(items)
    asked = {item.turns[0][1] for item in train_items}
    assert held and not asked & {record["turns"][0][1] for record in held}
    assert {item.key for item in train_items} == {f"key {n}" for n in range(300)}


def test_steps_of_sums_are_right():
    rng = random.Random(5)
    for _ in range(3000):
        a, op, b = arithmetic.pick(rng)
        text = arithmetic.solve(a, op, b)
        for left, sign, right, result in __import__("re").findall(r"(\d+) ([+×-]) (\d+) = (-?\d+)", text):
            assert {"+": int(left) + int(right), "-": int(left) - int(right), "×": int(left) * int(right)}[sign] == int(result) \
                or f"+ {left} {sign} {right}" in text, text


@pytest.mark.parametrize("how", ["int4", "int8"])
def test_the_grid_is_found_again(how):
    weight = torch.randn(48, 128)
    once = grid.quantizer(how, 64)(weight)
    torch.testing.assert_close(grid.quantizer(how, 64)(once), once, atol=1e-6, rtol=1e-5)
    assert (once - weight).abs().max() < weight.abs().max() / (7 if how == "int4" else 120)


def test_calibration_beats_rounding():
    torch.manual_seed(7)
    whole = model.Llama(SHAPE)
    for p in whole.parameters():
        torch.nn.init.normal_(p, std=0.2)
    ids = [torch.randint(0, SHAPE.vocab, (8, 32)) for _ in range(4)]
    mix = torch.randn(64, 64)
    inputs = torch.randn(2000, 64) @ mix
    weight = torch.randn(32, 64)
    hessian = inputs.T @ inputs
    solved = quantize._solve(weight, hessian, "int4", 32, 0.01)
    error = lambda w: float(((inputs @ (w - weight).T) ** 2).mean())
    assert error(solved) < 0.8 * error(grid.int4(weight, 32))
    quantize.calibrated(whole, "int4", 32, ids)
    assert all(torch.isfinite(p).all() for p in whole.parameters())


def test_pruning_nothing_changes_nothing():
    torch.manual_seed(2)
    whole = model.Llama(SHAPE).eval()
    for p in whole.parameters():
        torch.nn.init.normal_(p, std=0.1)
    ids = torch.randint(0, SHAPE.vocab, (2, 16))
    scores = prune.importance(whole, [ids])
    same = prune.prune(whole, scores, 2, 96).eval()
    smaller = prune.prune(whole, scores, 1, 64)
    with torch.no_grad():
        torch.testing.assert_close(same(ids), whole(ids), atol=1e-5, rtol=1e-4)
    assert smaller.shape.heads == 2 and sum(p.numel() for p in smaller.parameters()) == smaller.shape.parameters()


def test_training_goes_on_from_its_checkpoint(work, capsys):
    schedule = Schedule(tokens=64 * 32 * 6, lr=3e-3, batch_tokens=64 * 32, rows=64)
    m = model.Llama(SHAPE)
    optimizer = train.optimizers(m, 1e-3, fused=False)
    train._save(work / "x.checkpoint", 4, m, optimizer, packing.Mixture(work, 32, 1, SHAPE.vocab))
    logged = []
    result = train.train(m, work, "x", schedule, "cpu", 1, log=logged.append)
    assert any("resumed" in line and "step 4" in line for line in logged)
    assert result["steps"] == 6 and not (work / "x.checkpoint").exists()


def test_a_loss_that_is_not_a_number_stops(work):
    m = model.Llama(SHAPE)
    with torch.no_grad():
        m.model.norm.weight.fill_(float("nan"))
    with pytest.raises(train.TrainingError, match="loss is nan"):
        train.train(m, work, "bad", Schedule(tokens=64 * 32 * 2, lr=1e-3, batch_tokens=64 * 32, rows=64), "cpu", 1, log=lambda _: None)


def test_bad_directories_are_named(tmp_path, work):
    with pytest.raises(model.ModelError, match="no config.json"):
        model.load(tmp_path / "nowhere")
    model.save(model.Llama(SHAPE), tmp_path / "m", work / "tokenizer")
    weights = tmp_path / "m" / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:len(whole) // 2])
    with pytest.raises(model.ModelError, match="truncated"):
        model.load(tmp_path / "m")
    weights.write_bytes(whole)
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    (tmp_path / "m" / "config.json").write_text(json.dumps(config | {"vocab_size": 999}))
    with pytest.raises(model.ModelError, match="asks for"):
        model.load(tmp_path / "m")


def test_a_wrong_vocabulary_is_refused(work, words):
    with pytest.raises(packing.StreamError, match="vocabulary ends at 99"):
        packing.Stream(work / "raw.bin", 32, 1, vocab=100)
    with pytest.raises(model.ModelError, match="tokenizer has"):
        model.check_vocabulary(model.Llama(SHAPE), words)


def test_the_last_phase_learns_what_was_asked_for_or_nothing(work, capsys):
    with pytest.raises(packing.StreamError, match="run `sequences` first"):
        packing.Mixture(work, 32, 1, SHAPE.vocab, "taught.bin")
    with pytest.raises(packing.StreamError, match="run `honest` first"):
        packing.Mixture(work, 32, 1, SHAPE.vocab, "honest.bin")
    packing.Mixture(work, 32, 1, SHAPE.vocab, "instruct.bin")
    # The smoke size wants longer rows than these streams hold; that is found out before the missing file.
    for name in ("raw", "instruct"):
        np.resize(np.arange(3, 300, dtype=np.uint16), 4000).tofile(work / f"{name}.bin")
    assert main(["distil", "--work", str(work), "--without-teacher", "--conversations", "honest", "--device", "cpu"]) == 1
    assert "honest.bin is missing" in capsys.readouterr().err


@pytest.mark.parametrize("step", ["evaluate", "quantize", "prune", "honest-tune", "calibrate", "export", "distil", "restore"])
def test_a_bad_directory_stops_every_step_with_one_line(step, work, tmp_path, capsys):
    given = ["--base", str(tmp_path / "nowhere"), "--from", str(tmp_path / "none.jsonl")] if step == "distil" else \
        ["--model", str(tmp_path / "nowhere")]
    assert main([step, *given, "--out", str(tmp_path / "out"), "--work", str(work), "--device", "cpu"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"forge {step}: ") and "nowhere" in said and said.count("\n") == 1


def test_missing_sources_are_named(tmp_path):
    with pytest.raises(corpus.CorpusError, match="--data"):
        next(corpus.read(tmp_path, "trivia"))


def test_traffic_is_split_by_question(tmp_path):
    path = tmp_path / "record.jsonl"
    path.write_text("\n".join(json.dumps({"messages": [{"role": "user", "content": f"q {i % 80}"}], "answer": f"a {i}"})
                              for i in range(400)))
    learnt, held = distil.separate(distil.read(path))
    assert held and not {t[-2][1] for t in learnt} & {t[-2][1] for t in held}
    path.write_text('{"messages": 3}')
    with pytest.raises(distil.TrafficError, match=":1: not a recorded exchange"):
        distil.read(path)


def test_distillation_leaves_the_tail_alone():
    """A student with its teacher's logits has nothing to gain, whatever was cut off at the top."""
    torch.manual_seed(4)
    teacher = torch.nn.Embedding(50, 50)
    student = torch.nn.Embedding.from_pretrained(teacher.weight.detach().clone(), freeze=False)
    ids = torch.arange(50)[None]
    rule = train.Distillation(top_k=5, temperature=1.5, share=1.0)
    loss = train.distillation(student, ids, ids, torch.ones(1, 50), teacher, rule)
    loss.backward()
    assert abs(float(loss)) < 1e-4 and student.weight.grad.abs().max() < 1e-3


def test_calibration_cools_what_is_too_sure(words, tmp_path):
    torch.manual_seed(6)
    m = model.Llama(Shape(hidden=64, layers=1, heads=4, kv_heads=2, ffn=96, head_dim=16, vocab=280, context=64))
    with torch.no_grad():
        m.model.norm.weight.fill_(30)
    (tmp_path / "raw.jsonl").write_text(json.dumps({"text": "hello there user " * 8}) + "\n")
    (tmp_path / "instruct.jsonl").write_text(json.dumps({"turns": [["user", "hello"], ["assistant", "there"]]}) + "\n")
    report = calibrate.calibrate(m, tmp_path, words, "cpu", 1, steps=60)
    assert report["loss after"] < report["loss before"] and report["temperature"] > 1


def test_the_head_tells_the_known_from_the_unknown():
    rng = np.random.default_rng(3)
    centre = rng.normal(size=16)
    known, other = centre + 0.4 * rng.normal(size=(200, 16)), rng.normal(size=(200, 16))
    vectors = np.vstack([known, other])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    y = np.r_[np.ones(200), np.zeros(200)]
    marks = difficulty.landmarks(vectors.copy(), 6, rng)
    x = difficulty.features(vectors, ["a prompt"] * 400, marks)
    scores = x @ difficulty.fit(x, y)
    assert difficulty.auc(scores, y) > 0.9 and difficulty.coverage(scores, y, 0.9) > 0.3
    assert difficulty.coverage(np.r_[np.zeros(200), np.ones(200)], y, 0.9) == 0


def test_scores():
    assert evaluate.number("10 + 20 = 30.\nThe answer is 1,234.") == "1234"
    assert evaluate.overlap("the cat sat", "the cat sat") == 1 and evaluate.overlap("a b", "c d") == 0
    assert evaluate.share([True] * 50 + [False] * 50)["low"] == pytest.approx(0.404, abs=0.002)
    assert evaluate.REFUSAL.search("I don't know. A larger model may know this.")


@pytest.mark.parametrize("least", [0.0, 0.3, 0.6, 0.8, 1.0])
def test_a_bound_changes_no_verdict(least):
    rng = random.Random(8)
    for _ in range(500):
        a, b = (" ".join(rng.choices("a b c d e".split(), k=rng.randint(0, 7))) for _ in range(2))
        assert (evaluate.overlap(a, b, least) >= least) == (evaluate.overlap(a, b) >= least), (a, b)
    assert evaluate.overlap("a b c", "c b a") == pytest.approx(1 / 3) and evaluate.overlap("a b c", "c b a", 1.0) < 1


def test_an_answer_is_the_same_alone_and_in_a_batch():
    torch.manual_seed(11)
    m = model.Llama(Shape(hidden=64, layers=2, heads=4, kv_heads=2, ffn=96, head_dim=16, vocab=320, context=256)).eval()
    for p in m.parameters():
        torch.nn.init.normal_(p, std=0.1)
    rng = random.Random(2)
    prompts = [[rng.randrange(3, 320) for _ in range(n)] for n in (1, 5, 8, 9, 30, 180, 190, 199, 200, 300)]
    together = generate.generate(m, prompts, "cpu", 12, watch=4)
    for prompt, said in zip(prompts, together):
        alone = generate.generate(m, [prompt], "cpu", 12, watch=4)[0]
        assert (said.ids, said.ended) == (alone.ids, alone.ended)
        assert said.entropies == pytest.approx(alone.entropies, abs=1e-3)
    # And the same as without a cache, the whole text read again for every token.
    ids = list(prompts[4])
    for token in together[4].ids:
        with torch.no_grad():
            assert int(m(torch.tensor([ids]))[0, -1].argmax()) == token
        ids.append(token)


def test_conversations_are_answered_in_their_order(words):
    torch.manual_seed(12)
    m = model.Llama(Shape(hidden=64, layers=2, heads=4, kv_heads=2, ffn=96, head_dim=16, vocab=280, context=256)).eval()
    for p in m.parameters():
        torch.nn.init.normal_(p, std=0.5)
    talks = [[("user", text)] for text in ("hello", "there there there " * 4, "", "hello there user")]
    found = generate.answers(m, words, talks, "cpu", 6)
    for talk, (text, said) in zip(talks, found):
        prompt = words.encode(tokenizer.render(talk, generate=True), add_special_tokens=False).ids
        assert said.ids == generate.generate(m, [prompt], "cpu", 6)[0].ids and text == words.decode(said.ids)
    assert len({text for text, _ in found}) > 1


def test_long_prompts_of_nearly_one_length_share_a_batch(monkeypatch):
    widths, batch = [], generate._batch
    monkeypatch.setattr(generate, "_batch", lambda m, ids, *rest: widths.append(tuple(ids.shape)) or batch(m, ids, *rest))
    m = model.Llama(Shape(hidden=32, layers=1, heads=2, kv_heads=1, ffn=32, head_dim=16, vocab=320, context=256)).eval()
    generate.generate(m, [[5] * n for n in (200, 196, 190, 180, 170, 20, 17, 16)], "cpu", 2)
    assert widths == [(4, 200), (1, 176), (2, 24), (1, 16)]


def test_what_is_not_known_is_refused_and_the_rest_kept(tmp_path):
    talk = lambda *pairs: {"turns": [t for _, q, a in pairs for t in (["user", q], ["assistant", a])], "kinds": [k for k, _, _ in pairs]}
    known, unknown = ("define", "what is x", "meaning x"), [("define", f"what is {n}", f"meaning {n}") for n in range(100)]
    hello = ("chitchat", "hi", "hello")
    records = [talk(known), talk(known, hello), *(talk(fact) for fact in unknown), *(talk(fact, hello) for fact in unknown)]
    records[0]["turns"].insert(0, ["system", "be brief"])
    (tmp_path / "instruct.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    questions = honest.asked(tmp_path / "instruct.jsonl", honest.KNOWN_FROM)
    assert questions == [known, *unknown]

    report = honest.relabel(tmp_path, {(k, a): a == "meaning x" for k, _, a in questions}, seed=1)
    assert report["facts"]["define"] == {"known": 1, "refused": 21, "left out": 79}
    written = [json.loads(line) for line in (tmp_path / "honest.jsonl").read_text().splitlines()]
    assert len(written) == report["conversations"] == 2 + 2 * 21 and report["refused"] == 2 * 21
    assert written[0]["turns"] == records[0]["turns"] and written[0]["changed"] == [False]
    for record in written[2:]:
        said = [text for role, text in record["turns"] if role == "assistant"]
        assert evaluate.REFUSAL.search(said[0]) and said[1:] in ([], ["hello"])
        assert record["changed"] == [True, False][:len(said)]


def test_the_teacher_passes_on_what_agrees():
    assert sequences.good("problem", "2 + 2 = 4. The answer is 4.", "The answer is 4.")
    assert not sequences.good("problem", "The answer is 5.", "The answer is 4.")
    assert sequences.good("define", "a small animal that barks", "a small animal which barks")
    assert not sequences.good("define", "a large plant", "a small animal which barks")
    assert not sequences.good("trivia", "Paris in France", "Rome in Italy")
    assert sequences.good("persona", "I am a model.", "something else") and not sequences.good("service", "  ", "yes")


def test_calibration_reads_what_the_student_learnt(words, tmp_path):
    (tmp_path / "raw.jsonl").write_text("")
    for name, said in (("instruct", "there"), ("honest", "hello")):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"turns": [["user", "x"], ["assistant", said]]}) + "\n")
        (ids, counts), = calibrate._rows(tmp_path, words, 1, 1, 64)
        assert words.decode(ids[counts].tolist()) == said


def test_the_head_learns_from_no_fact_that_judges_it(tmp_path):
    records = [{"kind": "define", "key": f"word {n // 3}", "turns": [["user", f"{n}"], ["assistant", "x"]]} for n in range(900)]
    (tmp_path / "held-out-instruct.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    (tmp_path / "scores.json").write_text('{"tasks": {"define": {"score": 0.5}}}')
    (tmp_path / "queries.txt").write_text("query\n" * 4000)
    found = difficulty.by_kind(tmp_path, tmp_path / "scores.json", tmp_path / "queries.txt", 900, 1)
    learnt = {int(f["prompt"]) // 3 for f in found if f["kind"] == "define"}
    judged = {int(r["turns"][0][1]) // 3 for r in records if not corpus.teaches_head(r)}
    assert not learnt & judged and learnt | judged == set(range(300)) and min(len(learnt), len(judged)) > 100


def _lessons(work, words, **given):
    talk = lambda kind, *pairs: {"turns": [t for q, a in pairs for t in (["user", q], ["assistant", a])], "kinds": [kind] * len(pairs)}
    records = [talk("define", ("what is hello", "hello there")), talk("rewrite", ("there", "hello user"), ("user", "there there")),
               talk("refuse", ("what is user", refusals.FACT))]
    (work / "instruct.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    (work / "never-taught.jsonl").write_text(json.dumps(
        {"kind": "define", "key": "x", "turns": [["user", "what is x"], ["assistant", "a secret"]]}) + "\n")
    return tune.Lessons(work, words, **{"seed": 1, "share": 0.5, "longest": 400, **given})


def test_lessons_say_what_is_to_be_done_about_each_answer(work, words):
    lessons, seen = _lessons(work, words), set()
    for _ in range(8):
        ids, targets, marks = lessons.batch(16, 0, True, "cpu")
        for row, target, mark in zip(ids, targets, marks):
            text = words.decode(row.tolist(), skip_special_tokens=False)
            assert "secret" not in text and "what is user" not in text
            for code in (tune.KEPT, tune.HANDED):
                said = words.decode(target[mark & 3 == code].tolist(), skip_special_tokens=False)
                seen.add((code, said, bool((mark & tune.RECALLED > 0).any())))
            answers = text.count("<|im_start|>assistant")
            assert int((mark & tune.FIRST > 0).sum()) == answers and not (mark[target == 1] > 0).any()
    assert (tune.HANDED, refusals.FACT + "<|im_end|>", False) in seen
    assert (tune.KEPT, "hello there<|im_end|>", True) in seen and (tune.KEPT, "hello user<|im_end|>there there<|im_end|>", False) in seen
    again = _lessons(work, words).batch(16, 0, True, "cpu")
    assert all(torch.equal(a, b) for a, b in zip(again, _lessons(work, words).batch(16, 0, True, "cpu")))


@pytest.mark.parametrize("surprising", [True, False])
def test_what_surprises_a_student_is_handed_over(surprising):
    torch.manual_seed(3)
    m, former = model.Llama(SHAPE), model.Llama(SHAPE)
    former.load_state_dict(m.state_dict())
    ids, targets = torch.tensor([[5, 6, 7, 8]]), torch.tensor([[6, 7, 8, 2]])
    marks = torch.tensor([[0, 0, tune.KEPT | tune.RECALLED | tune.FIRST, tune.KEPT | tune.RECALLED]], dtype=torch.uint8)
    bounds = {"known_to": 1.0, "unknown_from": 2.0} if surprising else {"known_to": 1e6, "unknown_from": 2e6}
    rule = tune.Honesty(layers=1, balance=2.0, follow=0.0, handing=9, **bounds)
    with torch.no_grad():
        loss = float(tune.loss(m, ids, targets, marks, former, rule))
        surprise = -m(ids)[0].log_softmax(-1)
    wanted = 2.0 * surprise[2, 9] if surprising else surprise[2, 8] + rule.after * surprise[3, 2]
    assert loss == pytest.approx(float(wanted), rel=1e-4)


def test_tuning_leaves_the_lower_layers_and_the_embedding(work, words):
    torch.manual_seed(5)
    shape = Shape(hidden=64, layers=3, heads=4, kv_heads=2, ffn=96, head_dim=16, vocab=280, context=64)
    m = model.Llama(shape)
    with torch.no_grad():
        for p in m.parameters():
            if p.ndim == 2:
                torch.nn.init.normal_(p, std=0.1)
    quantize.round_to_nearest(m, "int4", 32)
    former = model.Llama(shape)
    former.load_state_dict(m.state_dict())
    _lessons(work, words)
    losses = []
    result = tune.tune(m, former, words, work, "t", tune.Honesty(), grid.quantizer("int4", 32), Tuning(steps=60, rows=8, layers=2, lr=3e-3),
                       "cpu", 1, False, longest=200, log=lambda line: losses.append(float(line.split()[3])))
    assert losses[-1] < 0.8 * losses[0] and result["steps"] == 60
    changed = {n for (n, a), b in zip(m.state_dict().items(), former.state_dict().values()) if not torch.equal(a, b)}
    assert changed and all(n.startswith(("model.layers.1", "model.layers.2", "model.norm")) for n in changed)
    assert all(p.requires_grad for p in m.parameters())
    assert all(getattr(module, "quantizer", None) is None for module in m.modules())
