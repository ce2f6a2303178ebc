"""Reads a MUSAN-like folder (`speech/ music/ noise/ [rooms/]`) and decodes it once to a flat 16 kHz int16 cache.

`manifest.csv` is used when it is there; any of its columns may be missing. Without it a clip's class is its top
folder, its source the next folder, its recording the folder and name of the file, and a tenth of the recordings
(chosen by a hash) become `valid`; half of those become `test`, see `splits`. `alignments.csv` (path, start, end, word;
seconds), where present, has word times. Several folders make one corpus where no two of their files have one path.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from . import RATE_HZ, TrainingError
from .splits import cut_test

CLASS_FOLDERS = {"speech": "speech", "music": "music", "noise": "noise", "rooms": "room"}
AUDIO_SUFFIXES = {".opus", ".ogg", ".wav", ".flac", ".mp3"}
VALID_SHARE = 0.10


class CorpusError(TrainingError):
    """The corpus folder cannot be used; the message says why."""


@dataclass
class Clip:
    """One audio file of the corpus and its place in the cache."""

    path: str
    kind: str
    source: str = ""
    split: str = ""
    speaker: str = ""
    recording: str = ""
    language: str = ""
    vocals: str = ""
    sound: str = ""
    licence: str = "not stated"
    attribution: str = ""
    bandwidth_hz: int = RATE_HZ // 2
    chose: str = ""
    """The newest pack that this clip helped to choose; empty for what has chosen none."""
    offset_samples: int = 0
    length_samples: int = 0

    @property
    def seconds(self) -> float:
        """Decoded length."""
        return self.length_samples / RATE_HZ


def hash_split(recording: str) -> str:
    """`valid` for about a tenth of all recordings, the same one on every machine."""
    digest = hashlib.sha256(recording.encode()).digest()
    return "valid" if int.from_bytes(digest[:4], "big") / 2**32 < VALID_SHARE else "train"


def list_clips(folder: Path) -> list[Clip]:
    """All clips of a corpus folder, with or without a manifest, in a fixed order."""
    folder = Path(folder)
    if not folder.is_dir():
        raise CorpusError(f"{folder}: no such folder")
    rows = {}
    manifest = folder / "manifest.csv"
    if manifest.exists():
        with manifest.open(newline="", encoding="utf-8") as file:
            rows = {row["path"]: row for row in csv.DictReader(file)}
    clips = []
    for top, kind in CLASS_FOLDERS.items():
        for file in sorted((folder / top).rglob("*")):
            if file.suffix.lower() not in AUDIO_SUFFIXES:
                continue
            path = file.relative_to(folder).as_posix()
            clips.append(_clip_of(path, kind, rows.get(path, {})))
    if not any(c.kind != "room" for c in clips):
        raise CorpusError(f"{folder}: no audio in speech/, music/ or noise/")
    cut_test(clips)
    return clips


def _clip_of(path: str, kind: str, row: dict) -> Clip:
    parts = Path(path).parts
    recording = row.get("recording") or Path(path).with_suffix("").as_posix()
    source = row.get("source") or (parts[1] if len(parts) > 2 else parts[0])
    return Clip(
        path=path,
        kind=row.get("class") or kind,
        source=source,
        split=row.get("split") or hash_split(recording),
        speaker=row.get("speaker") or "",
        recording=recording,
        language=row.get("language") or "",
        vocals=row.get("vocals") or "unknown",
        sound=row.get("sound") or "",
        licence=row.get("licence") or "not stated",
        attribution=row.get("attribution") or "",
        bandwidth_hz=int(row.get("bandwidth_hz") or RATE_HZ // 2),
    )


def decode(file: Path) -> np.ndarray:
    """One file as 16 kHz mono int16."""
    samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    if rate_hz != RATE_HZ:
        mono = resample_poly(mono, RATE_HZ, rate_hz)
    return np.clip(np.round(mono * 32768.0), -32768, 32767).astype(np.int16)


def _decode_at(job: tuple[str, str]) -> np.ndarray:
    return decode(Path(job[0]) / job[1])


def word_times(corpus: Path) -> dict[str, list[tuple[float, float]]]:
    """Start and end of each word in seconds by clip path, in order; empty without `alignments.csv`."""
    times: dict[str, list[tuple[float, float]]] = defaultdict(list)
    table = Path(corpus) / "alignments.csv"
    if table.exists():
        with table.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                times[row["path"]].append((float(row["start"]), float(row["end"])))
    return {path: sorted(words) for path, words in times.items()}


class Cache:
    """The decoded corpus: `clips`, `words` by clip path, and a read-only memory map of all samples."""

    def __init__(self, folder: Path, words: dict[str, list[tuple[float, float]]] | None = None):
        self.folder, self.words = Path(folder), words or {}
        with (self.folder / "clips.json").open() as file:
            self.clips = [Clip(**row) for row in json.load(file)]
        self.samples = np.memmap(self.folder / "audio.i16", dtype=np.int16, mode="r")

    def audio(self, clip: Clip) -> np.ndarray:
        """Samples of one clip as float32 in -1..1 (a copy)."""
        piece = self.samples[clip.offset_samples : clip.offset_samples + clip.length_samples]
        return piece.astype(np.float32) / 32768.0


def build_cache(corpora: list[Path], folder: Path, workers: int = 2) -> Cache:
    """Decodes one corpus of one or several folders into `folder`; a complete cache of the same rows is kept."""
    folder = Path(folder)
    listed = [(corpus, clip) for corpus in corpora for clip in list_clips(corpus)]
    clips = [clip for _, clip in listed]
    times = {path: words for corpus in corpora for path, words in word_times(corpus).items()}
    if len({c.path for c in clips}) < len(clips):
        raise CorpusError(f"{', '.join(str(c) for c in corpora)}: two of these folders have a file of the same path")
    if (folder / "clips.json").exists():
        cache = Cache(folder, times)
        if [_row(c) for c in cache.clips] == [_row(c) for c in clips]:
            return cache
    folder.mkdir(parents=True, exist_ok=True)
    position = 0
    jobs = [(str(corpus), clip.path) for corpus, clip in listed]
    with (folder / "audio.i16").open("wb") as out, Pool(workers) as pool:
        for clip, samples in zip(clips, pool.imap(_decode_at, jobs, chunksize=32), strict=True):
            clip.offset_samples, clip.length_samples = position, len(samples)
            out.write(samples.tobytes())
            position += len(samples)
    partial = folder / "clips.json.partial"
    partial.write_text(json.dumps([asdict(c) for c in clips]))
    os.replace(partial, folder / "clips.json")
    return Cache(folder, times)


def _row(clip: Clip) -> dict:
    """What a manifest says of a clip, without its place in the cache."""
    return {name: value for name, value in asdict(clip).items() if name not in ("offset_samples", "length_samples")}


def manifest_hash(clips: Iterable[Clip]) -> str:
    """sha256 of all rows: two corpora of one hash have the same files, sides and labels."""
    rows = [json.dumps(_row(c), sort_keys=True, ensure_ascii=False) for c in clips]
    return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()


def hours_of(clips: Iterable[Clip]) -> float:
    """Hours of sound, rooms not counted."""
    return sum(c.seconds for c in clips if c.kind != "room") / 3600


def credits(names: Iterable[str]) -> str:
    """All names, those that differ only behind their last comma under one head, and the words with which all of those
    begin said once: packs carry hundreds of one collection."""
    heads: dict[str, list[str]] = {}
    for name in filter(None, names):
        head, comma, tail = name.rpartition(", ")
        heads.setdefault(head if comma else name, []).extend([tail] if comma else [])
    return "; ".join(head + (", " + _in_common(tails) if tails else "") for head, tails in heads.items())


def _in_common(tails: list[str]) -> str:
    begin = os.path.commonprefix(tails).rpartition(" ")[0] if len(tails) > 1 else ""
    words = begin + " " if begin else ""
    return words + " / ".join(tail.removeprefix(words) for tail in tails)


def data_table(clips: list[Clip]) -> list[dict]:
    """Hours by source and licence with attribution, for `pack.json` and the card."""
    table: dict[tuple[str, str, str], dict] = {}
    for clip in clips:
        row = table.setdefault((clip.kind, clip.source, clip.licence), {"hours": 0.0, "files": 0, "names": {}})
        row["hours"] += clip.seconds / 3600
        row["files"] += 1
        row["names"][clip.attribution] = None
    return [
        {
            "source": source,
            "class": kind,
            "licence": licence,
            "files": row["files"],
            "attribution": credits(row["names"]),
            "hours": round(row["hours"], 4),
        }
        for (kind, source, licence), row in sorted(table.items())
    ]


def with_inherited(table: list[dict], earlier: list[dict]) -> list[dict]:
    """A table of data and the rows of the pack whose weights were the start, which owe their recordings the same
    credit; what both name alike stands once, with the longer hours."""
    name = lambda row: (row["source"], row["licence"], row["attribution"])
    rows = {name(row): dict(row) for row in table}
    for row in earlier:
        kept = rows.setdefault(name(row), dict(row))
        kept["hours"] = max(kept["hours"], row["hours"])
    return sorted(rows.values(), key=name)


assert {f.name for f in fields(Clip)} >= {"path", "kind", "offset_samples"}
