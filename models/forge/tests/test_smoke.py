"""The whole forge in small, from source texts to a model directory that edgeway loads."""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

FORGE = Path(__file__).resolve().parents[1]
SHARED = os.environ.get("EDGEWAY_SHARED")
MINUTES = 5


@pytest.mark.skipif(not SHARED or not (Path(SHARED) / "data" / "train").is_dir(), reason="EDGEWAY_SHARED has no source texts")
def test_the_whole_forge_in_five_minutes(tmp_path):
    command = [sys.executable, "-m", "forge", "all", "--size", "smoke", "--device", "cpu",
               "--data", str(Path(SHARED) / "data"), "--work", str(tmp_path)]
    # Two cores are what it may take; more threads than cores only wait for each other.
    env = dict(os.environ, OMP_NUM_THREADS=os.environ.get("OMP_NUM_THREADS", "2"))
    before, children = time.monotonic(), os.times()
    done = subprocess.run(command, cwd=FORGE, env=env, capture_output=True, text=True, timeout=1800)
    spent = os.times().children_user + os.times().children_system - children.children_user - children.children_system
    assert done.returncode == 0, done.stderr[-2000:]
    # Other work on the machine takes time, not processor time.
    assert min(time.monotonic() - before, spent / 2) < 60 * MINUTES

    columns = (tmp_path / "comparison.md").read_text().splitlines()[0]
    for column in ("teacher", "nano-plain", "nano", "nano-pruned-2-160", "nano-int8-nearest", "nano-int4-nearest",
                   "nano-int4-calibrated", "nano-int4-trained"):
        assert f" {column} " in columns

    exported = tmp_path / "export"
    for line in (exported / "SHA256SUMS").read_text().splitlines():
        wanted, name = line.split("  ")
        assert hashlib.sha256((exported / name).read_bytes()).hexdigest() == wanted
    assert {"model.onnx", "model.onnx.data", "tokenizer.json", "config.json"} <= {p.name for p in exported.iterdir()}

    import numpy
    import onnx

    graph = onnx.load(exported / "model.onnx")
    for weights in graph.graph.initializer:
        assert numpy.isfinite(onnx.numpy_helper.to_array(weights)).all(), weights.name

    # The way of one who has only the model directory: read it back, teach it to hand over, write it again.
    checkpoint, tuned = tmp_path / "restored", tmp_path / "restored-tuned"
    for step in (["restore", "--model", exported, "--out", checkpoint], ["honest-tune", "--model", checkpoint],
                 ["export", "--model", tuned, "--out", tmp_path / "again"]):
        done = subprocess.run(command[:3] + list(map(str, step)) + command[4:], cwd=FORGE, env=env, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr[-2000:]
    first, second = (onnx.load(tmp_path / d / "model.onnx").graph for d in ("export", "again"))
    assert [(w.name, tuple(w.dims)) for w in first.initializer] == [(w.name, tuple(w.dims)) for w in second.initializer]

    # Asked again it does nothing again: every training step finds its result.
    again = subprocess.run(command[:3] + ["teacher"] + command[4:], cwd=FORGE, env=env, capture_output=True, text=True, timeout=300)
    assert json.loads(again.stdout) == {"skipped": "teacher is there"}
