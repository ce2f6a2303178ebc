"""From the files of a package to FLAC files of 16 kHz, mono, 16 bit, and their manifest rows."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from .. import RATE_HZ
from .debian import Paragraph, terms_of
from .packages import Set
from .sky import sky_lines
from .talkies import drascula_line, queen_lines

AUDIO = {".ogg", ".wav", ".flac", ".mp3", ".opus", ".als", ".1c", ".dnr"}
CONTAINERS = {"queen": (".1c", queen_lines), "sky": (".dnr", sky_lines)}
"""Readers of files that hold many recordings, and the endings of those files."""
MAX_PIECE_S = 60.0
MIN_S, MIN_RMS_DBFS, MAX_PEAK_DBFS = 0.15, -55.0, -0.5


@dataclass(frozen=True)
class Recording:
    """One file of a set: where it came from, its sound, the rate it had."""

    name: str
    samples: np.ndarray
    rate_hz: int
    path: str


def recordings_of(one: Set, folder: Path) -> Iterator[tuple[Recording, dict[str, str]]]:
    """Every recording of a set in an unpacked package, in a fixed order, with the names that `match` found in its
    path."""
    for file in sorted(p for p in folder.rglob("*") if p.suffix.lower() in AUDIO and p.is_file()):
        path = file.relative_to(folder).as_posix()
        if one.reader in CONTAINERS:
            ending, lines_of = CONTAINERS[one.reader]
            if file.suffix == ending:
                for name, samples, rate_hz in lines_of(file):
                    found = one.match.search(name)
                    if found:
                        yield Recording(name, samples, rate_hz, path), found.groupdict()
            continue
        found = one.match.search(path)
        if not found or (one.exclude and one.exclude.search(path)):
            continue
        if one.reader == "drascula":
            samples, rate_hz = drascula_line(file)
        else:
            try:
                read, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                print(f"{path}: left out, not to be decoded ({error})")
                continue
            samples = read.mean(axis=1)
        yield Recording(Path(path).stem, samples, rate_hz, path), found.groupdict()


def prepared(samples: np.ndarray, rate_hz: int) -> np.ndarray | None:
    """16 kHz, turned down where it would clip; None for what is too short or too quiet to be of use."""
    if rate_hz != RATE_HZ:
        common = math.gcd(rate_hz, RATE_HZ)
        samples = resample_poly(samples, RATE_HZ // common, rate_hz // common)
    if len(samples) < MIN_S * RATE_HZ:
        return None
    if 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-12) < MIN_RMS_DBFS:
        return None
    peak, limit = float(np.max(np.abs(samples))), 10 ** (MAX_PEAK_DBFS / 20)
    return (samples * min(1.0, limit / peak)).astype(np.float32)


def pieces_of(samples: np.ndarray) -> list[np.ndarray]:
    """Equal pieces of at most `MAX_PIECE_S`."""
    return np.array_split(samples, max(1, math.ceil(len(samples) / (MAX_PIECE_S * RATE_HZ))))


def content_hash(samples: np.ndarray) -> str:
    """Of the decoded sound, so that a copy under another name is found."""
    return hashlib.sha256(np.round(samples * 32767).astype(np.int16).tobytes()).hexdigest()[:16]


def row_of(one: Set, recording: Recording, found: dict[str, str], terms: list[Paragraph]) -> dict[str, str]:
    """The manifest row of a recording, without `path` and `seconds`."""
    names = {k: v or "" for k, v in found.items()} | {"path": recording.path, "stem": recording.name}
    columns = {key: template.format(**names) for key, template in one.columns.items()}
    if "licence" not in columns or "attribution" not in columns:
        licence, holders = terms_of(one.upstream.format(**names), terms)
        columns = {"licence": licence, "attribution": holders} | columns
    group = (one.group or "{stem}").format(**names)
    return {
        "class": one.kind,
        "source": one.source,
        "split": one.side(group),
        "vocals": "",
        **columns,
        "recording": columns.get("recording") or f"{one.source}:{group}",
        "bandwidth_hz": str(min(RATE_HZ, recording.rate_hz) // 2),
    }


def write(samples: np.ndarray, file: Path) -> None:
    """One FLAC file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(file, samples, RATE_HZ, subtype="PCM_16")
