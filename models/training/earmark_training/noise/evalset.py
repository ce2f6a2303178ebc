"""Recordings to measure a noise pack on: speech sources and noise kinds that training never heard, known SNR.

Level, length and digital silence are drawn alike for clean and noisy, so that nothing but the noise tells them apart:
almost every recording has a drop-out, and the level is set between the rms and the mean log-mel value, because noise
raises the one against the other. Samples have 24 bits, so that quiet recordings have no floor of rounding.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import soundfile

from .. import RATE_HZ
from ..corpus import Cache
from ..features import log_mel
from ..labels import to_db
from ..noises import coloured_noise
from ..splits import SPLITS, select
from . import POWER_FLOOR
from .scenes import Studio
from .shards import studio
from .survey import HELD_OUT_SPEECH, half_of

SNRS_DB = (-5, 0, 5, 10, 15, 20, 25, 30, 35)
CLEAN, REVERBERANT, PER_SNR = 400, 150, 80
UNTOUCHED = 150
ORIGINS = (("corpus",), ("corpus",), ("corpus",), ("music",), ("babble",))
SECONDS = (4.0, 11.0)
DROP_SHARE, DROP_S = 0.93, (0.06, 0.3)
LEVEL_DB = (-72.0, -16.0)
RMS_SHARE = 0.42
ROOM_TONE_UNDER_DB = 72.0
"""No room is digitally silent: without this, pauses of clean takes alone would give the class away."""
SETS = {"develop": (0, 8_000_000_000), "report": (1, 9_000_000_000)}
"""Half of the held-out recordings and first seed of each set. `develop` may be looked at as often as one likes;
`report` is for the published
figures, once, after every choice is made."""
FANS, FAN_FROM_S, FAN_SNR_DB = 40, 10.0, 10.0
"""Scenes in which a fan starts: how many, when, how loud."""
COLUMNS = ("file", "snr_db", "origin", "kind", "room", "codec")


def make(cache: Cache, floors_file: Path, folder: Path, name: str) -> None:
    """Writes the recordings and `manifest.csv` of a set; also `untouched/`, held-out sentences as the corpus has
    them."""
    half, first_seed = SETS[name]
    folder = Path(folder)
    if (folder / "manifest.csv").exists():
        return
    (folder / "untouched").mkdir(parents=True, exist_ok=True)
    made = studio(cache, "held-out", floors_file, half)
    jobs = [("clean", None, None)] * CLEAN + [("reverberant", None, None)] * REVERBERANT
    jobs += [("noisy", snr, ORIGINS[i % len(ORIGINS)]) for snr in SNRS_DB for i in range(PER_SNR)]
    rows = []
    for number, (share, snr_db, origins) in enumerate(jobs):
        seed = first_seed + number
        rng = np.random.default_rng([seed, 9])
        seconds = float(rng.uniform(*SECONDS))
        scene = made.scene(
            seed, "clean" if share == "reverberant" else share, snr_db, origins=origins, seconds=seconds, steady=True
        )
        while share == "reverberant" and "room" not in scene.about:
            seed += 10_000_000
            scene = made.scene(seed, "clean", seconds=seconds)
        speech, floor, noise = scene.power.mean(0)
        name = f"{share}-{number:04d}.flac"
        soundfile.write(folder / name, balanced(scene.mix, rng), RATE_HZ, subtype="PCM_24")
        measured = "" if share != "noisy" else f"{10 * np.log10(speech / (floor + noise)):.2f}"
        rows.append(
            (
                name,
                measured,
                scene.about.get("origin", "reverberant speech" if share == "reverberant" else "clean"),
                scene.about.get("kind") or "",
                "yes" if "room" in scene.about else "no",
                scene.about.get("codec", "none"),
            )
        )
    _write(folder / "manifest.csv", rows)
    _untouched(cache, folder / "untouched", half, first_seed)
    _fans(made, folder / "fan", first_seed)


def balanced(mix: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A drop-out and a level that say nothing of the class."""
    level = np.sqrt(np.mean(mix**2)) * 10 ** (-ROOM_TONE_UNDER_DB / 20)
    out = mix + (coloured_noise(len(mix), rng) * level).astype(np.float32)
    if rng.random() < DROP_SHARE:
        begin, length = int(rng.integers(0, len(out))), int(rng.uniform(*DROP_S) * RATE_HZ)
        out[begin : begin + length] = 0.0
    middle = RMS_SHARE * float(to_db(np.mean(out**2))) + (1 - RMS_SHARE) * float(np.mean(log_mel(out, POWER_FLOOR)))
    gain = 10 ** ((rng.uniform(*LEVEL_DB) - middle) / 20)
    return out * min(gain, 0.99 / max(float(np.max(np.abs(out))), 1e-9))


def _untouched(cache: Cache, folder: Path, half: int, seed: int) -> None:
    """Sentences of the held-out sources, not chosen by their floor: what their owners call clean."""
    rng = np.random.default_rng(seed)
    clips = [
        c
        for s in SPLITS
        for c in select(cache.clips, s)
        if c.source in HELD_OUT_SPEECH and c.seconds >= 2.5 and half_of(c) == half
    ]
    rows = []
    for number in rng.permutation(len(clips))[:UNTOUCHED]:
        name = f"{number:05d}.flac"
        soundfile.write(folder / name, cache.audio(clips[number]), RATE_HZ, subtype="PCM_16")
        rows.append((name, "", clips[number].source, "", "no", "none"))
    _write(folder / "manifest.csv", rows)


def _fans(made: Studio, folder: Path, first_seed: int) -> None:
    """Clean speech of twenty seconds, and the same with a fan from `FAN_FROM_S` on."""
    folder.mkdir(exist_ok=True)
    for number in range(FANS):
        rng = np.random.default_rng([first_seed, number, 10])
        scene = made.scene(first_seed + 20_000_000 + number, "clean", seconds=2 * FAN_FROM_S, plain=True)
        n, begin = len(scene.mix), int(FAN_FROM_S * RATE_HZ)
        rate_hz = np.exp(rng.uniform(np.log(8), np.log(60)))
        blades = 1.0 + 0.6 * np.cos(2 * np.pi * rate_hz * np.arange(n) / RATE_HZ)
        fan = (coloured_noise(n, rng) * blades).astype(np.float32)
        fan *= np.sqrt(scene.power[:, 0].mean() / np.mean(fan**2)) * 10 ** (-FAN_SNR_DB / 20)
        fan[:begin] = 0.0
        gain = min(1.0, 0.99 / float(np.max(np.abs(scene.mix + fan))))
        for name, samples in ((f"{number:02d}-fan.flac", scene.mix + fan), (f"{number:02d}-without.flac", scene.mix)):
            soundfile.write(folder / name, samples * gain, RATE_HZ, subtype="PCM_24")


def _write(path: Path, rows: list[tuple]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
