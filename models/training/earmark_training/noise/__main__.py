"""Command line: `python -m earmark_training.noise all --corpus DIR`, or its steps one by one."""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path

import torch

from .. import TrainingError
from ..corpus import Cache, build_cache, data_table
from ..export import ExportError, fresh_folder, put_in_place
from ..plan import plan_of
from ..splits import check, select
from . import bank, calibrate, card, curves, evalset, export
from .network import Gauge, Shape
from .shards import Shards, generate
from .survey import is_held_out
from .train import Plan, load_average, train

VERSION = "0.4.0"
PACKS = Path(__file__).resolve().parents[3] / "packs"
ROOT = Path(__file__).resolve().parents[4]
GAINS_DB = "-12,12"
THRESHOLDS = {"noise": {"open": 0.5, "close": 0.3}}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="earmark_training.noise", description=__doc__)
    parser.add_argument(
        "step", choices=["all", "cache", "shards", "train", "evalset", "pack"], help="all: from corpus to pack"
    )
    parser.add_argument("--corpus", type=Path, action="append", required=True, help="MUSAN-like folder; repeatable")
    parser.add_argument(
        "--work", type=Path, default=Path("train-cache"), help="decoded audio, shards, banks, checkpoints, logs"
    )
    parser.add_argument("--out", type=Path, default=PACKS, help="folder that gets noise/")
    parser.add_argument("--run", default="noise", help="name of the training run")
    parser.add_argument("--train-shards", type=int, default=150, help="64 scenes of 12 s each")
    parser.add_argument("--valid-shards", type=int, default=7)
    parser.add_argument("--steady-shards", type=int, default=6)
    parser.add_argument("--remixes", type=int, default=14000, help="new mixtures of stored scenes")
    parser.add_argument("--shape", default="{}", help="JSON that changes fields of the network's shape")
    parser.add_argument(
        "--plan", default="{}", help='JSON that changes fields of the training plan, e.g. {"steps": 500}'
    )
    parser.add_argument(
        "--measure-on",
        choices=list(evalset.SETS),
        default="report",
        help="the evaluation set behind the pack's figures",
    )
    parser.add_argument(
        "--earmark", type=Path, default=ROOT / "target/release/earmark", help="the binary that measures the pack"
    )
    parser.add_argument("--version", default=VERSION, help="version written into the pack")
    return parser.parse_args()


def _train(options: argparse.Namespace) -> None:
    shape, plan = Shape(**json.loads(options.shape)), plan_of(Plan, options.plan)
    front = Gauge(shape)
    bank.build(front, Shards(options.work / "noise-train"), options.work / "bank-train", options.remixes)
    for name in ("valid", "steady"):
        bank.build(front, Shards(options.work / f"noise-{name}"), options.work / f"bank-{name}", 0, plain=True)
    train(
        options.work / "noise-runs" / options.run,
        shape,
        plan,
        bank.Bank(options.work / "bank-train"),
        bank.Bank(options.work / "bank-valid"),
    )


def _make_pack(options: argparse.Namespace, cache: Cache) -> None:
    """Exports, lets the program measure the file, draws, and puts the pack in place in one rename."""
    run = options.work / "noise-runs" / options.run
    data = data_table([c for c in select(cache.clips, "train") if not is_held_out(c)])
    folder, evaluation = fresh_folder(options.out, "noise"), options.work / f"eval-{options.measure_on}"
    model = load_average(run)
    fitted = calibrate.fit(model, bank.Bank(options.work / "bank-steady"))
    parity = export.write_pack(model, folder, "noise", options.version, THRESHOLDS, data)
    if not options.earmark.exists():
        raise ExportError(
            f"{options.earmark}: no such program; build it (cargo build --release -p earmark) or name it with --earmark"
        )
    measured = subprocess.run(
        [
            options.earmark,
            "eval",
            "noise",
            evaluation,
            "--pack",
            folder,
            "--gain-db",
            GAINS_DB,
            "-o",
            folder / "metrics.json",
        ],
        capture_output=True,
        text=True,
    )
    if measured.returncode:
        raise ExportError(measured.stderr)
    print(measured.stdout)
    timed = {
        "fan": _fans(_verdicts(options, folder, evaluation / "fan")),
        "untouched": _untouched(_verdicts(options, folder, evaluation / "untouched"), evaluation),
    }
    _complete(
        folder,
        {
            "parity": parity,
            "calibration": fitted,
            "run": json.loads((run / "run.json").read_text()),
            **timed,
        },
        options.measure_on,
    )
    curves.draw(folder, run / "log.csv")
    card.write_card(folder)
    put_in_place(folder, options.out, "noise")


def _verdicts(options: argparse.Namespace, pack: Path, recordings: Path) -> dict[str, dict]:
    """What the program says of a folder of recordings, second by second, by file name."""
    said = subprocess.run(
        [options.earmark, "noise", "--pack", pack, "--timeline", "--format", "json", recordings],
        capture_output=True,
        text=True,
    )
    if said.returncode:
        raise ExportError(said.stderr)
    return {Path(take["file"]).name: take for take in json.loads(said.stdout)}


def _fans(takes: dict[str, dict]) -> dict:
    """In which window after the start of a fan the timeline turns noisy, and what it says before."""
    start, after, early, touched, turned = int(evalset.FAN_FROM_S), [], 0, 0, 0
    for name, take in takes.items():
        if not name.endswith("-fan.flac"):
            continue
        noisy = [w["noisy"] for w in take["windows"]]
        early += sum(noisy[:start])
        # The samples before the fan are the same: so must be all that is said of them, but for the window that looks
        # into it.
        without = takes[name.replace("-fan", "-without")]["windows"][:start]
        touched += take["windows"][: start - 1] != without[: start - 1]
        turned += any(now and not w["noisy"] for now, w in zip(noisy, without, strict=False))
        after.append(next((k for k, on in enumerate(noisy[start:]) if on), None))
    return {
        "scenes": len(after),
        "snr_db": evalset.FAN_SNR_DB,
        "in_its_window": after.count(0),
        "one_window_later": after.count(1),
        "later_or_never": sum(k is None or k > 1 for k in after),
        "noisy_windows_before": early,
        "windows_before": start * len(after),
        "changed_before": touched,
        "turned_before": turned,
    }


def _untouched(takes: dict[str, dict], evaluation: Path) -> dict:
    """How many of the held-out sentences, as their owners have them, are called noisy, by source."""
    sources = {row["file"]: row["origin"] for row in csv.DictReader((evaluation / "untouched" / "manifest.csv").open())}
    shares = {}
    for source in sorted(set(sources.values())):
        said = [take["noisy"] for name, take in takes.items() if sources[name] == source]
        shares[source] = {"sentences": len(said), "called_noisy": sum(said) / max(len(said), 1)}
    return {
        "sentences": len(takes),
        "called_noisy": sum(t["noisy"] for t in takes.values()) / max(len(takes), 1),
        "by_source": shares,
    }


def _complete(folder: Path, extra: dict, measured_on: str) -> None:
    """Adds what the program cannot know, and leaves away where on this machine things lay."""
    path = folder / "metrics.json"
    metrics = json.loads(path.read_text()) | extra
    metrics["model_sha256"] = metrics["pack"]["sha256"]
    metrics["data"] = [f'noise evaluation set "{measured_on}": see earmark_training/noise/evalset.py']
    metrics["command"] = ["earmark", "eval", "noise", "EVALUATION_SET", "--gain-db", GAINS_DB]
    metrics["pack"]["origin"] = "noise"
    path.write_text(json.dumps(metrics, indent=1) + "\n")


def main() -> int:
    """Runs the steps; 1 and a sentence when something cannot be used."""
    options = _arguments()
    torch.set_num_threads(1)
    try:
        cache = build_cache(options.corpus, options.work / "audio", 1)
        check(cache.clips)
        if options.step in ("all", "shards"):
            generate(cache, options.work, "valid", options.valid_shards)
            generate(cache, options.work, "steady", options.steady_shards)
            generate(cache, options.work, "train", options.train_shards)
        if options.step in ("all", "train"):
            _train(options)
        if options.step in ("all", "evalset"):
            for name in evalset.SETS:
                evalset.make(cache, options.work / "floors.json", options.work / f"eval-{name}", name)
        if options.step in ("all", "pack"):
            _make_pack(options, cache)
    except TrainingError as error:
        print(f"earmark_training.noise: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
