"""Who is a speaker, who is only heard, who is held out.

Names of the manifest are believed where a name is one person. Two voices of the fish game are told by their file names.
What has no certain name has no label: a teacher says what it sounds like. Valid and test are the sides that the corpus
was cut into (`splits`), and four more speakers of the Arabic words, which have one speaker a side: trials of one word
need impostors.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .. import RATE_HZ
from ..corpus import Clip
from ..splits import select

MORE_HELD_OUT = {"arabic-commands": 4}
"""Speakers of the train side that are held out as well, half of them for valid and half for test."""

SEVERAL_VOICES = ("tuxpaint", "tuxpaint-unheard", "hedgewars-singer")
"""Sources whose speaker names stand for a language or a song, not for one voice that speaks."""

FISH = re.compile(r"-([mv])-[^/]*$")
"""Files of the fish game's two heroes, the small and the big fish."""

MOST_SECONDS = 20 * 60
"""Of one speaker, and of a source without names whose few voices would otherwise fill the bank."""
FEW_VOICES = ("robotutor-en", "robotutor-sw", "festvox-ru", "klettres", "ktuberling", "asterisk-ru")


@dataclass(frozen=True)
class Voice:
    """A clip of speech and whose it is; `speaker` is empty where that is not certain."""

    clip: Clip
    speaker: str
    side: str  # train, valid or test
    text: str = ""
    age: int = 0  # 0: not stated
    gender: str = ""


def speaker_of(clip: Clip) -> str:
    """A name for one voice, or nothing."""
    if clip.source == "festvox-ru":
        return "festvox-ru"
    if clip.source.startswith("fillets-"):
        found = FISH.search(clip.path)
        return f"{clip.source}-{found[1]}" if found else ""
    if clip.source in SEVERAL_VOICES:
        return ""
    return clip.speaker


def details_of(corpora: Iterable[Path]) -> dict[str, dict[str, str]]:
    """Rows of the manifests by path: what was said, age and gender, where stated."""
    rows: dict[str, dict[str, str]] = {}
    for corpus in corpora:
        manifest = Path(corpus) / "manifest.csv"
        if manifest.exists():
            with manifest.open(newline="", encoding="utf-8") as file:
                rows |= {row["path"]: row for row in csv.DictReader(file)}
    return rows


def _order(name: str) -> bytes:
    return hashlib.sha256(f"voice/{name}".encode()).digest()


def held_out(clips: list[Clip]) -> dict[str, str]:
    """Side by speaker of those of the train side that are held out as well."""
    sides = {}
    for source, count in MORE_HELD_OUT.items():
        names = {c.speaker for c in clips if c.source == source and c.split == "train" and c.speaker}
        chosen = sorted(names, key=_order)[:count]
        sides |= {name: ("valid", "test")[k % 2] for k, name in enumerate(chosen)}
    return sides


def voices(clips: list[Clip], details: dict[str, dict[str, str]]) -> list[Voice]:
    """All clips of speech with speaker and side; sources that are left out of training are not among them."""
    moved = held_out(clips)
    found = []
    for side in ("train", "valid", "test"):
        for clip in select(clips, side):
            if clip.kind != "speech":
                continue
            row = details.get(clip.path, {})
            text = row.get("text") or (row.get("concept") if clip.source == "arabic-commands" else "") or ""
            age = int(row["age"]) if row.get("age", "").isdigit() else 0
            found.append(
                Voice(clip, speaker_of(clip), moved.get(clip.speaker, side), text, age, row.get("gender") or "")
            )
    return found


def to_train(everyone: list[Voice]) -> list[Voice]:
    """The train side, each speaker and each unnamed source of few voices up to `MOST_SECONDS`."""
    heard: dict[str, float] = defaultdict(float)
    chosen = []
    for voice in sorted((v for v in everyone if v.side == "train"), key=lambda v: _order(v.clip.path)):
        key = voice.speaker or (voice.clip.source if voice.clip.source in FEW_VOICES else "")
        if key:
            if heard[key] > MOST_SECONDS:
                continue
            heard[key] += voice.clip.length_samples / RATE_HZ
        chosen.append(voice)
    return chosen
