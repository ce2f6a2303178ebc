"""A run that was interrupted ends with the weights of one that was not."""

import json

import numpy as np
import pytest
import torch

from earmark_training import LABELS, MUSIC, SPEECH
from earmark_training.corpus import CorpusError
from earmark_training.network import SHAPES
from earmark_training.plan import Plan
from earmark_training.shards import Shards
from earmark_training.targets import YES, present
from earmark_training.train import follow, train

FRAMES = 48


def stored(folder, kind: str, label: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    stem = folder / f"shard-{seed:05d}"
    labels = np.zeros((8, FRAMES, len(LABELS)), np.uint8)
    labels[:, 12:36, label] = YES
    features = rng.normal(-50, 6, (8, FRAMES, 64)) + 25 * present(labels[..., label, None]) * rng.random((8, 1, 64))
    np.save(stem.with_suffix(".features.npy"), features.astype(np.float16))
    np.save(stem.with_suffix(".labels.npy"), labels)
    stem.with_suffix(".json").write_text(json.dumps([{"kind": kind, "sources": ["s"]}] * 8))


@pytest.fixture
def shards(tmp_path):
    folder = tmp_path / "shards"
    folder.mkdir()
    stored(folder, "speech", SPEECH, 1)
    stored(folder, "music", MUSIC, 2)
    return folder


def run_to(folder, shards) -> dict:
    plan = Plan(steps=6, batch=4, cuts=(1, 2), whiten=False, report_every=3, save_every=2, keep_every=100)
    lone = np.full((4, FRAMES, 64), -60.0, np.float32)
    read = Shards(shards)
    return train(folder, SHAPES["live"], plan, read, read, read, lone).state_dict()


def test_broken_and_unbroken_runs_are_equal(tmp_path, shards, monkeypatch):
    torch.set_num_threads(1)
    whole = run_to(tmp_path / "whole", shards)
    steps = []

    def stops_at_the_fifth(*args):
        steps.append(args[2])
        if len(steps) == 5:
            raise KeyboardInterrupt
        follow(*args)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("earmark_training.train.follow", stops_at_the_fifth)
        run_to(tmp_path / "broken", shards)
    assert steps == [1, 2, 3, 4, 5], "broken after the checkpoint of step 4"
    mended = run_to(tmp_path / "broken", shards)
    assert all(torch.equal(whole[name], value) for name, value in mended.items())
    logs = [(tmp_path / name / "log.csv").read_text().splitlines() for name in ("whole", "broken")]
    untimed = [[row.split(",")[:1] + row.split(",")[2:] for row in log] for log in logs]
    assert untimed[0] == untimed[1]


def test_a_run_does_not_go_on_with_other_shards(tmp_path, shards):
    run_to(tmp_path / "run", shards)
    stored(shards, "speech", SPEECH, 3)
    with pytest.raises(CorpusError, match="other shards"):
        run_to(tmp_path / "run", shards)
