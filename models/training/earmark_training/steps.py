"""The steps of the command line that need PyTorch or ONNX Runtime: mixing, training, making and measuring packs."""

from __future__ import annotations

import argparse
import hashlib
import json
from multiprocessing import Process
from pathlib import Path

import torch

from . import SPEECH, calibrate, card, curves, evaluate, export, holdout, thresholds
from .corpus import Cache, CorpusError, data_table, with_inherited
from .ledger import open_test
from .mixing import HARD_KINDS, PURE_KINDS
from .network import SHAPES, Shape
from .plan import Plan, plan_of
from .run_folder import ancestor_of, load_average
from .shards import Shards, generate
from .splits import select
from .teachers import OnlySinging, Teachers, found_for
from .train import lone_recordings, train

LEDGER = "tested.csv"


def run(options: argparse.Namespace, cache: Cache, recipes: Path) -> None:
    """Does one step, or all that make a pack."""
    torch.set_num_threads(1)
    held_out = tuple(s for s in options.hold_out.split(",") if s)
    unknown = set(held_out) - {c.source for c in cache.clips}
    if unknown:
        raise CorpusError(f"--hold-out names sources that are not in the corpus: {', '.join(sorted(unknown))}")
    folder = options.work / "runs" / (options.run or options.pack)
    if options.step in ("all", "shards"):
        _make_shards(options, cache)
    if options.step in ("all", "train"):
        _train(options, cache, folder, held_out)
    if options.step in ("all", "pack"):
        make_pack(options, cache, folder, recipes, _teachers_of_music(options, cache))
    if options.step == "test":
        _measure_on_test(options, cache, recipes)
    if options.step == "holdout":
        holdout.report(folder, cache, options.work, options.out / "held-out.json")


def _make_shards(options: argparse.Namespace, cache: Cache) -> None:
    jobs = []
    teachers = found_for(cache.clips, options.corpus, options.teachers)
    print(f"{len(teachers)} of {len(cache.clips)} clips have teachers' scores")
    for worker in range(options.workers):
        first = options.first_shard + worker * options.shard_step
        count = -(-(options.train_shards - worker) // options.workers)
        step = options.workers * options.shard_step
        jobs.append(_job(options, cache, "train", "train", first, count, step, teachers=teachers))
    for side in ("valid", "test"):
        jobs.append(_job(options, cache, side, side, 0, options.valid_shards, teachers=OnlySinging(teachers.files)))
    jobs.append(
        _job(options, cache, "pure", "train", 0, options.train_shards // 2, kinds=PURE_KINDS, teachers=teachers)
    )
    jobs.append(
        _job(
            options,
            cache,
            "hard",
            "train",
            0,
            options.train_shards // 8,
            kinds=HARD_KINDS,
            hard=True,
            teachers=teachers,
        )
    )
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    if any(job.exitcode for job in jobs):
        raise CorpusError("a mixing process failed; its message stands above")


def _teachers_of_music(options: argparse.Namespace, cache: Cache) -> Teachers:
    """The scores that tell who sings: all that measuring asks for."""
    return found_for([c for c in cache.clips if c.kind == "music"], options.corpus, options.teachers)


def _job(options, cache: Cache, folder: str, split: str, first: int, count: int, step: int = 1, **more) -> Process:
    return Process(
        target=generate, args=(cache, options.work / f"shards-{folder}", split, first, count, step), kwargs=more
    )


def _train(options: argparse.Namespace, cache: Cache, folder: Path, held_out: tuple[str, ...]) -> None:
    shape = Shape.from_dict({**SHAPES[options.pack].to_dict(), **json.loads(options.shape or "{}")})
    plan = plan_of(Plan, options.plan or "{}")
    drawn = lambda *names: Shards(*(options.work / f"shards-{n}" for n in names), hold_out=held_out)
    scenes, remixed = drawn("train", "hard"), drawn("pure", "hard", "train")
    train(folder, shape, plan, scenes, remixed, drawn("valid"), lone_recordings(cache), options.device)


def make_pack(options: argparse.Namespace, cache: Cache, run: Path, recipes: Path, teachers: Teachers) -> None:
    """Calibrates, exports, measures on valid and draws in a temporary folder, then puts it in place in one rename."""
    soup = tuple(s for s in options.soup.split(",") if s)
    model = load_average(run, soup)
    if not SHAPES[options.pack].refine:
        model = model.without_refinement()
    valid = Shards(options.work / "shards-valid")
    fitted = calibrate.calibrate(model, valid)
    logits, labels = calibrate.logits_of(model, valid)
    clips = select(cache.clips, "valid")
    alone = [c for c in clips if c.kind == "music" or (c.kind == "noise" and c.seconds >= 0.3)]
    speech = [calibrate.probabilities(model, cache.audio(c))[:, SPEECH] for c in alone]
    on_music = [s for s, c in zip(speech, alone, strict=True) if c.kind == "music"]
    undisturbed = [s for s, c in zip(speech, alone, strict=True) if c.seconds >= 0.3]
    chosen, note = thresholds.choose_thresholds(logits, labels, on_music)
    sure, sure_figures = thresholds.choose_sure(logits, labels, chosen["speech"], undisturbed)
    settings = json.loads((run / "run.json").read_text())
    held_out = tuple(settings["held_out"])
    also = set(filter(None, options.also_trained_on.split(",")))
    heard = select(cache.clips, "train", held_out)
    heard += [c for c in cache.clips if c.source in also and c.split == "train"]
    began_with, inherited = _ancestor(settings)
    data = with_inherited(data_table(heard), inherited)
    options.out.mkdir(parents=True, exist_ok=True)
    folder = export.fresh_folder(options.out, options.pack)
    sures = {"speech": sure} if sure else {}
    parity = export.write_pack(model, folder, options.pack, options.version, chosen, data, sures)
    extra = {
        "threshold_reason": note,
        "sure": sure_figures,
        "calibration": fitted,
        "parity": parity,
        "run": _by_name(settings),
        "began_with": began_with,
        "soup": soup,
        "speech_on_music_at_default_thresholds": thresholds.share_over(
            on_music, chosen["speech"]["open"], chosen["speech"]["close"]
        ),
    }
    if options.held_out_report and options.held_out_report.exists():
        extra["held_out"] = json.loads(options.held_out_report.read_text())
    if options.mixtures_only:
        evaluate.mixtures_only(folder, valid, extra)
        export.put_in_place(folder, options.out, options.pack)
        return
    measured, asked = options.work / "measured-scenes", OnlySinging(teachers.files)
    evaluate.evaluate(
        folder, cache, "valid", valid, options.corpus, measured, teachers=asked, workers=options.workers, extra=extra
    )
    curves.draw(folder, run / "log.csv")
    card.write_card(folder, recipes)
    export.put_in_place(folder, options.out, options.pack)


def _by_name(settings: dict) -> dict:
    """The settings of a run, with the packs and runs that it began with or was taught by as names, not as paths."""
    named = {key: Path(settings["plan"].get(key, "")).name for key in ("start_from", "teacher")}
    return settings | {"plan": settings["plan"] | named}


def _ancestor(settings: dict) -> tuple[str, list[dict]]:
    """Name and version of the pack whose weights a run of these `settings` goes back to, and its rows of data; nothing
    where it began with none."""
    folder = ancestor_of(settings["plan"]["start_from"])
    if folder is None:
        return "", []
    pack = json.loads((folder / "pack.json").read_text())
    return f"{pack['name']} {pack['version']}", pack["data"]


KEPT_FROM_VALID = ("threshold_reason", "sure", "calibration", "parity", "run", "began_with", "soup", "held_out")
"""What the step `test` leaves in `metrics.json` as it was chosen on valid."""


def _measure_on_test(options: argparse.Namespace, cache: Cache, recipes: Path) -> None:
    """Measures the pack in place on test, after a line in the ledger; its figures on valid stand beside it."""
    folder = options.out / options.pack
    pack = json.loads((folder / "pack.json").read_text())
    before = json.loads((folder / "metrics.json").read_text())
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    earlier = open_test(recipes / LEDGER, pack["name"], pack["version"], digest)
    kept = {k: before[k] for k in KEPT_FROM_VALID if k in before}
    extra = {**kept, "earlier_packs_on_test": earlier, "valid_labels": before["mixtures"]["labels"]}
    shards = Shards(options.work / "shards-test")
    asked = OnlySinging(_teachers_of_music(options, cache).files)
    measured = options.work / "measured-scenes"
    evaluate.evaluate(
        folder, cache, "test", shards, options.corpus, measured, teachers=asked, workers=options.workers, extra=extra
    )
    log = options.work / "runs" / (options.run or options.pack) / "log.csv"
    curves.draw(folder, log if log.exists() else None)
    card.write_card(folder, recipes)
