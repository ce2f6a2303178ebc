"""Log-mel features of every training clip, made once: as it is, in a room or through a line, slower and faster.

Speech at another speed is another speaker (Yamamoto et al., Interspeech 2019). Noise, gain and equalisation are added
while training, on the features (`draws`).
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from .. import FRAMES_PER_SECOND
from ..corpus import Cache, Clip
from ..effects import (
    CODECS,
    codec_round_trip,
    measured_room,
    random_band,
    reverberate,
    shape_spectrum,
    simulated_room,
    soft_or_hard_clip,
    telephone,
)
from ..features import BANDS, log_mel
from .roster import Voice

PLAIN, SPOILED, SLOW, FAST = range(4)
SPEEDS = {SLOW: (10, 9), FAST: (10, 11)}  # resampling that makes a clip last 1.11 and 0.91 times as long
ACTIVE_BELOW_PEAK_DB, ACTIVE_OVER_FLOOR_DB = 35.0, 6.0
MARGIN_FRAMES = 8
LONGEST_NOISE_S = 20.0


@dataclass(frozen=True)
class Entry:
    """One stored version of one clip: frames `start` to `start + frames` of the bank."""

    clip: int  # index among the voices of the bank
    version: int
    start: int
    frames: int


def active_span(features: np.ndarray) -> tuple[int, int]:
    """First and last frame with speech by level, with a margin; all frames where nothing stands out."""
    power_db = 10 * np.log10((10 ** (features / 10)).sum(1) + 1e-9)
    peak_db, floor_db = np.percentile(power_db, 98), np.percentile(power_db, 5)
    loud = np.flatnonzero(power_db > max(peak_db - ACTIVE_BELOW_PEAK_DB, floor_db + ACTIVE_OVER_FLOOR_DB))
    if len(loud) < 5:
        return 0, len(features)
    return max(0, loud[0] - MARGIN_FRAMES), min(len(features), loud[-1] + 1 + MARGIN_FRAMES)


def spoil(samples: np.ndarray, rng: np.random.Generator, rooms: list[np.ndarray]) -> np.ndarray:
    """A room, a band, a line, a codec or clipping: at least one of them."""
    if rng.random() < 0.65:
        response = measured_room(rooms[rng.integers(len(rooms))]) if rooms and rng.random() < 0.5 else None
        samples = reverberate(samples, simulated_room(rng) if response is None else response)
    low_hz, high_hz = random_band(rng)
    samples = shape_spectrum(samples, rng, tilt=True, low_hz=low_hz, high_hz=high_hz)
    if rng.random() < 0.1:
        samples = soft_or_hard_clip(samples, rng)
    if rng.random() < 0.12:
        return telephone(samples, rng)
    if rng.random() < 0.4:
        samples = codec_round_trip(samples, CODECS[rng.integers(len(CODECS))], rng)
    return samples


_cache: Cache
_rooms: list[np.ndarray]


def _prepare(folder: str) -> None:
    global _cache, _rooms
    _cache = Cache(Path(folder))
    _rooms = [_cache.audio(c) for c in _cache.clips if c.kind == "room" and c.split == "train"]


def _versions(job: tuple[int, Clip, bool]) -> list[tuple[int, np.ndarray]]:
    """All stored versions of one clip, trimmed to where it speaks."""
    number, clip, named = job
    samples = _cache.audio(clip)
    plain = log_mel(samples)
    first, last = active_span(plain)
    made = [(PLAIN, plain[first:last])]
    rng = np.random.default_rng([7, number])
    made.append((SPOILED, log_mel(spoil(samples, rng, _rooms))[first:last]))
    if named:
        for version, (up, down) in SPEEDS.items():
            other = resample_poly(samples, up, down).astype(np.float32)
            if rng.random() < 0.4:
                other = spoil(other, rng, _rooms)
            cut = slice(int(first * up / down), int(last * up / down))
            made.append((version, log_mel(other)[cut]))
    return [(version, rows.astype(np.float16)) for version, rows in made if len(rows)]


def _noise(clip: Clip) -> np.ndarray:
    samples = _cache.audio(clip)
    return log_mel(samples[: int(LONGEST_NOISE_S * 16000)]).astype(np.float16)


def _write(folder: Path, name: str, pool_rows) -> list[list[int]]:
    """Appends arrays [frames, 64] to one file; gives start and length of each with the key it came with."""
    index, position = [], 0
    with (folder / f"{name}.f16").open("wb") as out:
        for key, rows in pool_rows:
            out.write(np.ascontiguousarray(rows).tobytes())
            index.append([*key, position, len(rows)])
            position += len(rows)
    return index


def build(cache: Cache, voices: list[Voice], folder: Path, workers: int) -> None:
    """Stores all versions of all voices, and the noises and music that are mixed to them, unless that is done."""
    folder = Path(folder)
    if (folder / "bank.json").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with Pool(workers, _prepare, (str(cache.folder),)) as pool:
        jobs = [(k, v.clip, bool(v.speaker)) for k, v in enumerate(voices)]
        results = pool.imap(_versions, jobs, chunksize=16)
        flat = (((k, version), rows) for k, made in enumerate(results) for version, rows in made)
        entries = _write(folder, "voices", flat)
        others = [c for c in cache.clips if c.kind in ("noise", "music") and c.split == "train"]
        noises = _write(folder, "noises", (((k,), r) for k, r in enumerate(pool.imap(_noise, others, chunksize=8))))
    header = {
        "voices": [[v.clip.path, v.clip.source, v.speaker] for v in voices],
        "entries": entries,
        "noises": [[others[k].kind, start, frames] for k, start, frames in noises],
    }
    (folder / "bank.partial").write_text(json.dumps(header))
    os.replace(folder / "bank.partial", folder / "bank.json")


class Bank:
    """What `build` stored."""

    def __init__(self, folder: Path):
        header = json.loads((Path(folder) / "bank.json").read_text())
        self.voices = header["voices"]  # path, source, speaker
        self.entries = [Entry(*row) for row in header["entries"]]
        self.noises = header["noises"]  # kind, start, frames
        open_rows = lambda name: np.memmap(Path(folder) / f"{name}.f16", np.float16, "r").reshape(-1, BANDS)
        self.rows, self.noise_rows = open_rows("voices"), open_rows("noises")

    def hours(self) -> float:
        """Of all versions."""
        return sum(e.frames for e in self.entries) / FRAMES_PER_SECOND / 3600
