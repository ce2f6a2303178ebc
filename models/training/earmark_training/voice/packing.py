"""Puts a voice pack together: network, cohort, calibration, figures, card."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ..corpus import Cache, data_table
from ..ledger import open_test
from ..vector_pack import real_time_factor
from . import cohort, figures
from .bank import Bank
from .card import write_card
from .enrolments import Tried, tried
from .export import write_pack
from .network import Voiceprint
from .printer import Printer
from .roster import Voice

LEDGER = "tested.csv"


def make(
    cache: Cache, everyone: list[Voice], learners: list[Voice], bank: Bank, model: Voiceprint, run: Path, folder: Path,
    version: str, peer, recipes: Path,
) -> None:  # fmt: skip
    """A pack in `folder`, calibrated and measured on the valid side."""
    others = [c for c in cache.clips if c.kind in ("noise", "music", "room") and c.split == "train"]
    data = data_table([v.clip for v in learners] + others)
    parity = write_pack(model, folder, "voice", version, data, {})
    printer = Printer(folder)
    pack = printer.pack
    vectors = cohort.gather(printer, bank)
    pack["cohort"] = cohort.write(vectors, pack["model"]["sha256"], folder / "cohort.bin")
    vectors = cohort.read(folder / "cohort.bin")
    pack["calibration"] = calibrate(tried(printer, cache, everyone, "valid", vectors))
    (folder / "pack.json").write_text(json.dumps(pack, indent=1, ensure_ascii=False) + "\n")
    metrics = {
        "model_sha256": pack["model"]["sha256"],
        "parity": parity,
        "rtf": real_time_factor(printer),
        "cohort": len(vectors),
        "run": settings_of(run),
        "trained_on": {"speakers": len({v.speaker for v in learners} - {""}), "hours": hours(learners)},
        "valid": figures.of_side(printer, cache, everyone, "valid", vectors, pack["calibration"], peer),
    }
    _write(folder, metrics, recipes)


def fit_words(cache: Cache, everyone: list[Voice], folder: Path, version: str, peer, recipes: Path) -> None:
    """The curve of enrolled words anew in the finished pack in `folder`, which gets another version and is measured on
    the valid side; the network, and with it every profile, stays."""
    printer = Printer(folder)
    pack = printer.pack
    vectors = cohort.read(folder / "cohort.bin")
    pack["version"] = version
    pack["calibration"]["same_words"] = curve_of_words(tried(printer, cache, everyone, "valid", vectors))
    (folder / "pack.json").write_text(json.dumps(pack, indent=1, ensure_ascii=False) + "\n")
    metrics = json.loads((folder / "metrics.json").read_text())
    metrics = {key: value for key, value in metrics.items() if key not in ("test", "tested_before")}
    metrics["valid"] = figures.of_side(printer, cache, everyone, "valid", vectors, pack["calibration"], peer)
    _write(folder, metrics, recipes)


def test(cache: Cache, everyone: list[Voice], folder: Path, peer, recipes: Path) -> None:
    """Measures the finished pack in `folder` on the test side, which the ledger opens once for each version."""
    printer = Printer(folder)
    pack = printer.pack
    before = open_test(recipes / LEDGER, pack["name"], pack["version"], pack["model"]["sha256"])
    vectors = cohort.read(folder / "cohort.bin")
    metrics = json.loads((folder / "metrics.json").read_text())
    metrics["test"] = figures.of_side(printer, cache, everyone, "test", vectors, pack["calibration"], peer)
    metrics["tested_before"] = before
    _write(folder, metrics, recipes)


def _write(folder: Path, metrics: dict, recipes: Path) -> None:
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    write_card(folder, recipes)


def calibrate(trials: dict[str, Tried]) -> dict:
    """The constants of `pack.json`: a curve for whatever is said, fitted on all trials, and one for where an impostor
    says what was enrolled, on words alone."""
    limits = {"cohort_top": cohort.TOP, "duration_s": list(cohort.DURATION_S)}
    any_words = _curve(list(trials.values()), cohort.FALSE_ACCEPTS)
    return limits | any_words | {"same_words": curve_of_words(trials)}


def curve_of_words(trials: dict[str, Tried]) -> dict:
    """The curve for where an impostor says what was enrolled."""
    return _curve([t for t in trials.values() if t.same_words], cohort.PASSWORD_FALSE_ACCEPTS)


def _curve(trials: list[Tried], false_accepts: float) -> dict:
    """Each kind of trial counts alike, and in it owners as much as impostors."""
    weights = [np.where(t.same, 0.5 / max(t.same.sum(), 1), 0.5 / max((~t.same).sum(), 1)) for t in trials]
    join = lambda name: np.concatenate([getattr(t, name) for t in trials])
    return cohort.fit(join("score"), join("duration_s"), join("same"), np.concatenate(weights), false_accepts)


def settings_of(run: Path) -> dict:
    """What a run was told, and what it began with by name only."""
    settings = json.loads((run / "run.json").read_text())
    settings["plan"]["start_from"] = Path(settings["plan"]["start_from"]).name
    return settings


def hours(learners: list[Voice]) -> float:
    """Of speech that is trained on."""
    return round(sum(v.clip.seconds for v in learners) / 3600, 2)
