"""Command line: `python -m earmark_training.voice all --corpus DIR --resemblyzer PACKAGE`, or its steps one by one."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

import torch

from .. import exit_code
from ..corpus import build_cache
from ..export import fresh_folder, put_in_place
from ..plan import plan_of
from ..splits import check
from . import bank, packing, roster, teacher
from .draws import Draws
from .network import Shape
from .quick import Quick
from .train import Plan, load_average, train

VERSION = "1.0.0"
MODELS = Path(__file__).resolve().parents[3]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="earmark_training.voice", description=__doc__)
    parser.add_argument(
        "step",
        choices=["all", "bank", "teach", "train", "pack", "words", "test"],
        help="all: from corpus to pack; words: the finished pack with another curve for enrolled words",
    )
    parser.add_argument("--corpus", type=Path, action="append", required=True, help="MUSAN-like folder; repeatable")
    parser.add_argument("--work", type=Path, default=Path("train-cache"), help="decoded audio, features, checkpoints")
    parser.add_argument("--out", type=Path, default=MODELS / "packs", help="folder that gets voice/")
    parser.add_argument("--resemblyzer", type=Path, required=True, help="folder of the installed package: the teacher")
    parser.add_argument("--run", default="voice", help="name of the training run")
    parser.add_argument("--workers", type=int, default=2, help="processes that make features")
    parser.add_argument("--shape", default="{}", help="JSON that changes fields of the network's shape")
    parser.add_argument("--plan", default="{}", help='JSON that changes fields of the plan, e.g. {"steps": 500}')
    parser.add_argument("--version", default=VERSION, help="version written into the pack")
    return parser.parse_args()


def _run(options: argparse.Namespace) -> None:
    wanted = lambda step: options.step in ("all", step)
    peer = lambda: teacher.Resemblyzer(options.resemblyzer).eval().embeddings
    cache = build_cache(options.corpus, options.work / "audio", options.workers)
    check(cache.clips)
    everyone = roster.voices(cache.clips, roster.details_of(options.corpus))
    learners = roster.to_train(everyone)
    work, run = options.work / "voice", options.work / "voice" / "runs" / options.run
    if wanted("bank"):
        bank.build(cache, learners, work / "bank", options.workers)
    if wanted("teach"):
        teacher.targets(teacher.Resemblyzer(options.resemblyzer), cache, learners, work / "targets.npy")
    if wanted("train"):
        goals = teacher.kept(work / "targets.npy")
        shape, plan = Shape.from_dict(Shape().to_dict() | json.loads(options.shape)), plan_of(Plan, options.plan)
        draws = Draws(bank.Bank(work / "bank"), goals.any(1))
        train(run, shape, plan, draws, goals, Quick(cache, everyone))
    if wanted("pack"):
        folder, stored = fresh_folder(options.out, "voice"), bank.Bank(work / "bank")
        packing.make(
            cache, everyone, learners, stored, load_average(run), run, folder,
            options.version, peer(), MODELS / "recipes",
        )  # fmt: skip
        put_in_place(folder, options.out, "voice")
    if options.step == "words":
        folder = fresh_folder(options.out, "voice")
        shutil.copytree(options.out / "voice", folder)
        packing.fit_words(cache, everyone, folder, options.version, peer(), MODELS / "recipes")
        put_in_place(folder, options.out, "voice")
    if wanted("test"):
        packing.test(cache, everyone, options.out / "voice", peer(), MODELS / "recipes")


def main() -> int:
    """Runs the steps; 1 and a sentence when something cannot be used."""
    options = _arguments()
    torch.set_num_threads(1)
    return exit_code("earmark_training.voice", lambda: _run(options))


if __name__ == "__main__":
    sys.exit(main())
