"""Command line: `python -m earmark_training.phrase all --corpus DIR --packages DIR`, or its steps one by one."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path

import torch

from .. import exit_code
from ..corpus import Cache, build_cache, data_table
from ..export import fresh_folder, put_in_place
from ..splits import check
from . import making, packing
from .bank import Bank
from .export import write_trained
from .network import Phrase
from .pronounce import English
from .texts import texts
from .train import load

VERSION = "1.0.0"
MODELS = Path(__file__).resolve().parents[3]
STEPS = (1500, 2200, 7000)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="earmark_training.phrase", description=__doc__)
    parser.add_argument("step", choices=["all", "bank", "train", "pack", "test"], help="all: from corpus to pack")
    parser.add_argument("--corpus", type=Path, action="append", required=True, help="MUSAN-like folder; repeatable")
    parser.add_argument("--packages", type=Path, required=True, help="where the fetcher unpacked Debian's packages")
    parser.add_argument("--dictionary", type=Path, default=None, help="CMU dictionary (default: pocketsphinx's)")
    parser.add_argument("--work", type=Path, default=Path("train-cache"), help="decoded audio, features, checkpoints")
    parser.add_argument("--out", type=Path, default=MODELS / "packs", help="folder that gets phrase/")
    parser.add_argument("--negatives", type=Path, action="append", default=[], help="more recordings without phrases")
    parser.add_argument("--steps", type=int, nargs=3, default=STEPS, help="of the three stages of training")
    parser.add_argument("--workers", type=int, default=2, help="processes that synthesise")
    parser.add_argument("--version", default=VERSION, help="version written into the pack")
    return parser.parse_args()


def _dictionary(given: Path | None) -> Path:
    if given:
        return given
    import pocketsphinx

    return Path(pocketsphinx.get_model_path()) / "en-us" / "cmudict-en-us.dict"


def _said(corpora: list[Path]) -> dict[str, str]:
    """The manifest's texts by path: the phrases of the held-out sources among them."""
    said = {}
    for corpus in corpora:
        with (corpus / "manifest.csv").open(newline="", encoding="utf-8") as file:
            said |= {row["path"]: row.get("text", "") for row in csv.DictReader(file)}
    return said


def _labelled(bank: Bank) -> set[str]:
    """Paths of the clips that some label teaches."""
    return {c.path for c in bank.clips if (bank.labels[c.start : c.start + c.frames] >= 0).any()}


def _trained(cache: Cache, bank: Bank, corpora: list[Path]) -> list[Path]:
    """The files of the speech that the network was trained on."""
    labelled = _labelled(bank)
    paths = [c.path for c in cache.clips if c.split == "train" and c.path in labelled]
    return [corpus / path for path in paths for corpus in corpora if (corpus / path).exists()]


def _data(cache: Cache, bank: Bank) -> list[dict]:
    """What the network was trained on: labelled speech, and the beds under it."""
    labelled = _labelled(bank)
    return data_table(
        [c for c in cache.clips if c.split == "train" and (c.path in labelled or c.kind in ("noise", "music"))]
    )


def _run(options: argparse.Namespace) -> None:
    wanted = lambda step: options.step in ("all", step)
    cache = build_cache(options.corpus, options.work / "audio", options.workers)
    check(cache.clips)
    work = options.work / "phrase"
    if wanted("bank"):
        english = English(_dictionary(options.dictionary))
        making.build_bank(cache, texts(options.corpus, options.packages), english, work / "bank", options.workers)
    bank = Bank(work / "bank")
    if wanted("train"):
        words = json.loads((bank.folder / "words.json").read_text())
        making.make_network(bank, words, options.packages, work, tuple(options.steps))
    said, recipes = _said(options.corpus), MODELS / "recipes"
    if wanted("pack"):
        folder = fresh_folder(options.out, "phrase")
        run = work / making.STAGES[-1][0]
        network, data = load(run, Phrase()), _data(cache, bank)
        packing.make(network, run, bank, data, said, folder, options.version, recipes, options.negatives)
        write_trained(folder, _trained(cache, bank, options.corpus))
        put_in_place(folder, options.out, "phrase")
    if wanted("test"):
        packing.test(bank, said, options.out / "phrase", recipes, options.negatives)


def main() -> int:
    """Runs the steps; 1 and a sentence when something cannot be used."""
    options = _arguments()
    torch.set_num_threads(1)
    return exit_code("earmark_training.phrase", lambda: _run(options))


if __name__ == "__main__":
    sys.exit(main())
