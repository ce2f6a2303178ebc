"""What each speech clip is worth: its own noise floor; what each noise clip is; what is held out."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..corpus import Cache, Clip
from ..labels import frame_power, to_db

HELD_OUT_SPEECH = ("librispeech-clean", "robotutor-en", "asp-audio")
"""Speech sources that training never sees; the reported figures are on these."""
SAME_VOICE = ("robotutor-en-words",)
"""Single words of a voice that is held out: training must not hear them, and single words make no recording to measure
on."""

HELD_OUT_SOUNDS = (
    "helicopter",
    "chainsaw",
    "vacuum",
    "washing",
    "train",
    "wave",
    "seaside",
    "cricket",
    "keyboard",
    "typewriter",
    "clock tick",
    "fire",
    "campfire",
    "bonfire",
    "crackling",
    "plane",
    "airplane",
    "dog",
    "cafe",
    "coffee",
    "restaurant",
    "siren",
    "frog",
    "wind in",
    "beach",
)
"""Words of noise kinds that training never hears from any source."""

HELD_OUT_MUSIC = ("wesnoth", "opensurge")

KIND_WORDS = {
    "hum": ("hum", "boiler", "fridge"),
    "broadband": (
        "rain",
        "wave",
        "seaside",
        "wind",
        "waterfall",
        "vacuum",
        "washing",
        "white noise",
        "brown noise",
        "plane",
        "airplane",
        "river",
        "stream",
        "shower",
        "highway",
        "film static",
        "train",
        "dryer",
        "fan",
        "hose",
        "electric car",
        "road",
        "traffic",
    ),
    "babble": ("crowd", "cafe", "coffee", "restaurant", "conversation", "bar crowd", "supermarket"),
    "transient": (
        "clock tick",
        "keyboard",
        "typewriter",
        "mouse click",
        "door wood knock",
        "dog",
        "footstep",
        "clapping",
        "glass breaking",
        "cough",
        "sneez",
        "drops",
        "droplets",
        "impact",
        "door",
        "hen",
        "crow",
    ),
}
FLOOR_SHARE = 0.10
ACTIVE_RANGE_DB = 25.0
SURVEY_VERSION = 1


@dataclass
class Floor:
    """Levels of one clip in dBFS: mean over its loud frames, mean over its quietest tenth."""

    active_db: float
    floor_db: float

    @property
    def range_db(self) -> float:
        """How far the clip's own floor lies under its speech."""
        return self.active_db - self.floor_db


def floor_of(samples: np.ndarray) -> Floor:
    """Own floor of a clip. Clips that have no pause look noisier than they are; they are then not used as clean."""
    power = frame_power(samples)
    if len(power) > 1:
        power = power[:-1]  # the last one may be padded
    active = power[power > power.max(initial=0.0) * 10 ** (-ACTIVE_RANGE_DB / 10)]
    quiet = np.sort(power)[: max(3, int(len(power) * FLOOR_SHARE))]
    return Floor(float(to_db(np.mean(active) if len(active) else np.float64(0.0))), float(to_db(np.mean(quiet))))


def survey(cache: Cache, path: Path) -> dict[str, Floor]:
    """The floor of every speech clip, kept in a file."""
    path = Path(path)
    if path.exists():
        stored = json.loads(path.read_text())
        if stored["version"] == SURVEY_VERSION:
            return {p: Floor(*values) for p, values in stored["clips"].items()}
    floors = {c.path: floor_of(cache.audio(c)) for c in cache.clips if c.kind == "speech"}
    partial = path.with_suffix(".partial")
    partial.write_text(
        json.dumps({"version": SURVEY_VERSION, "clips": {p: tuple(asdict(f).values()) for p, f in floors.items()}})
    )
    os.replace(partial, path)
    return floors


def kind_of(sound: str) -> str | None:
    """The kind of a noise clip by the words of its description; None where they do not say."""
    for kind in ("babble", "transient", "broadband", "hum"):
        if _says(sound, KIND_WORDS[kind]):
            return kind
    return None


def _says(sound: str, words: tuple[str, ...]) -> bool:
    """Whether a word of the description begins with one of `words` ("door" is not in "indoors")."""
    return re.search(r"\b(" + "|".join(words) + ")", sound.lower()) is not None


def is_held_out(clip: Clip) -> bool:
    """Whether training must not hear this clip."""
    if clip.kind == "speech":
        return clip.source in HELD_OUT_SPEECH + SAME_VOICE
    if clip.kind == "music":
        return clip.source in HELD_OUT_MUSIC
    return clip.kind == "noise" and _says(clip.sound, HELD_OUT_SOUNDS)


def half_of(clip: Clip) -> int:
    """0 or 1, the same for all clips of a recording, on every machine."""
    return hashlib.sha256(f"{clip.source}/{clip.recording}".encode()).digest()[0] % 2
