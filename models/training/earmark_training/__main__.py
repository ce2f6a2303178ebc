"""Command line: `python -m earmark_training all --corpus DIR --pack live`, or its steps one by one."""

from __future__ import annotations

import argparse
import json
import sys
from multiprocessing import Process
from pathlib import Path

import torch

from . import SPEECH, calibrate, card, curves, evaluate, export, holdout
from .corpus import Cache, CorpusError, build_cache, data_table
from .network import SHAPES, Shape
from .remix import HARD_KINDS, PURE_KINDS
from .shards import Shards, generate
from .splits import SplitError, check, select
from .train import Plan, load_average, lone_recordings, plan_of, train

VERSION = "0.1.0"
PACKS = Path(__file__).resolve().parents[2] / "packs"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="earmark_training", description=__doc__)
    parser.add_argument(
        "step", choices=["all", "cache", "shards", "train", "pack", "holdout"], help="all: from corpus to pack"
    )
    parser.add_argument("--corpus", type=Path, required=True, help="MUSAN-like folder")
    parser.add_argument("--pack", default="live", choices=sorted(SHAPES), help="which network and which pack folder")
    parser.add_argument(
        "--work", type=Path, default=Path("train-cache"), help="decoded audio, shards, checkpoints, logs"
    )
    parser.add_argument("--out", type=Path, default=PACKS, help="folder that gets <pack>/")
    parser.add_argument("--run", default="", help="name of the training run (default: the pack's name)")
    parser.add_argument("--train-shards", type=int, default=480, help="mixtures to train on, 128 scenes of 12 s each")
    parser.add_argument("--valid-shards", type=int, default=10)
    parser.add_argument(
        "--first-shard", type=int, default=0, help="with --shard-step: several processes share the work"
    )
    parser.add_argument("--shard-step", type=int, default=1)
    parser.add_argument("--hold-out", default="", help="comma-separated sources that training must not see")
    parser.add_argument(
        "--soup",
        default="",
        help="pack: mean of the weights of RUN or RUN@STEP, comma-separated, instead of --run's own",
    )
    parser.add_argument("--shape", default="", help="JSON that changes fields of the pack's network shape")
    parser.add_argument(
        "--device", default="cpu", help="train: cpu, or cuda for a GPU, which then holds all scenes in its memory"
    )
    parser.add_argument("--plan", default="", help='JSON that changes fields of the training plan, e.g. {"steps": 500}')
    parser.add_argument("--workers", type=int, default=2, help="processes for decoding and mixing")
    parser.add_argument("--version", default=VERSION, help="version written into the pack")
    parser.add_argument(
        "--also-trained-on", default="", help="left-out sources that an ancestor of the run still saw, for the card"
    )
    parser.add_argument(
        "--held-out-report", type=Path, default=None, help="JSON of the holdout step, to put into the card"
    )
    return parser.parse_args()


def _make_shards(options: argparse.Namespace, cache: Cache) -> None:
    jobs = []
    for worker in range(options.workers):
        count = -(-(options.train_shards - worker) // options.workers)
        jobs.append(
            Process(
                target=generate,
                args=(
                    cache,
                    options.work / "shards-train",
                    "train",
                    options.first_shard + worker * options.shard_step,
                    count,
                    options.workers * options.shard_step,
                ),
            )
        )
    jobs.append(Process(target=generate, args=(cache, options.work / "shards-valid", "valid", 0, options.valid_shards)))
    jobs.append(
        Process(
            target=generate,
            args=(cache, options.work / "shards-pure", "train", 0, options.train_shards // 2),
            kwargs={"kinds": PURE_KINDS},
        )
    )
    jobs.append(
        Process(
            target=generate,
            args=(cache, options.work / "shards-hard", "train", 0, options.train_shards // 8),
            kwargs={"kinds": HARD_KINDS, "hard": True},
        )
    )
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    if any(job.exitcode for job in jobs):
        raise CorpusError("a mixing process failed; its message stands above")


def _make_pack(options: argparse.Namespace, cache: Cache, run: Path) -> None:
    """Calibrates, exports, measures and draws in a temporary folder, then puts it in place in one rename."""
    soup = tuple(s for s in options.soup.split(",") if s)
    model = load_average(run, soup)
    if not SHAPES[options.pack].refine:
        model = model.without_refinement()
    valid = Shards(options.work / "shards-valid")
    first, _ = evaluate.scene_indices(valid)
    fitted = calibrate.calibrate(model, valid, first)
    logits, labels = calibrate.logits_of(model, valid, first)
    alone = [c for c in select(cache.clips, "valid") if c.kind == "music" or (c.kind == "noise" and c.seconds >= 0.3)]
    speech = [calibrate.probabilities(model, cache.audio(c))[:, SPEECH] for c in alone]
    on_music = [s for s, c in zip(speech, alone, strict=True) if c.kind == "music"]
    undisturbed = [s for s, c in zip(speech, alone, strict=True) if c.seconds >= 0.3]
    thresholds, note = calibrate.choose_thresholds(logits, labels, on_music)
    sure, sure_figures = calibrate.choose_sure(logits, labels, thresholds["speech"], undisturbed)
    settings = json.loads((run / "run.json").read_text())
    held_out = tuple(settings["held_out"])
    also = set(filter(None, options.also_trained_on.split(",")))
    data = data_table(
        select(cache.clips, "train", held_out) + [c for c in cache.clips if c.source in also and c.split == "train"]
    )
    options.out.mkdir(parents=True, exist_ok=True)
    folder = export.fresh_folder(options.out, options.pack)
    parity = export.write_pack(
        model, folder, options.pack, options.version, thresholds, data, {"speech": sure} if sure else {}
    )
    extra = {
        "threshold_reason": note,
        "sure": sure_figures,
        "calibration": fitted,
        "parity": parity,
        "run": settings,
        "soup": soup,
        "speech_on_music_at_default_thresholds": calibrate.share_over(
            on_music, thresholds["speech"]["open"], thresholds["speech"]["close"]
        ),
    }
    if options.held_out_report and options.held_out_report.exists():
        extra["held_out"] = json.loads(options.held_out_report.read_text())
    evaluate.evaluate(folder, cache, valid, options.corpus, options.work / "measured-scenes", extra=extra)
    card.write_card(folder, curves.draw(folder, run / "log.csv"))
    export.put_in_place(folder, options.out, options.pack)


def main() -> int:
    """Runs the steps; 1 and a sentence when the corpus or its splits cannot be used."""
    options = _arguments()
    torch.set_num_threads(1)
    held_out = tuple(s for s in options.hold_out.split(",") if s)
    try:
        cache = build_cache(options.corpus, options.work / "audio", options.workers)
        check(cache.clips)
        unknown = set(held_out) - {c.source for c in cache.clips}
        if unknown:
            raise CorpusError(f"--hold-out names sources that are not in the corpus: {', '.join(sorted(unknown))}")
        run = options.work / "runs" / (options.run or options.pack)
        if options.step in ("all", "shards"):
            _make_shards(options, cache)
        if options.step in ("all", "train"):
            shape = Shape.from_dict({**SHAPES[options.pack].to_dict(), **json.loads(options.shape or "{}")})
            plan = plan_of(Plan, options.plan or "{}")
            drawn = lambda *names: Shards(*(options.work / f"shards-{n}" for n in names), hold_out=held_out)
            train(
                run,
                shape,
                plan,
                drawn("train", "hard"),
                drawn("pure", "hard", "train"),
                Shards(options.work / "shards-valid"),
                lone_recordings(cache),
                options.device,
            )
        if options.step in ("all", "pack"):
            _make_pack(options, cache, run)
        if options.step == "holdout":
            holdout.report(run, cache, options.work, options.out / "held-out.json")
    except (CorpusError, SplitError, export.ExportError) as error:
        print(f"earmark_training: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
