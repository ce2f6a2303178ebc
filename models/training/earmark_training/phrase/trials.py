"""How well phrases are found that training never had: enrolled from a few clips, sought in others, over noise.

Phrases of the held-out sources; negatives are recordings that training never had either: dialogue, commands, other
languages, music. A phrase's threshold is the score that its negatives exceed `ALARMS_PER_HOUR` times an hour; misses
are counted at it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta, gamma

from ..features import BANDS
from . import augment, law
from .bank import NEGATIVE_SOURCES, Bank, Clip
from .templates import VOICES, templates
from .units import UNLABELLED

SYLLABLES = {
    "alexa": 3, "computer": 3, "snowboy": 2, "smart mirror": 3, "athena": 3, "amelia": 4,
    "hey chatterbox": 4, "hadouken": 3, "dracarys": 3, "trick or treat": 3, "how are you": 3, "joke": 1, "android": 3,
}  # fmt: skip
CHOOSING = ("alexa", "smart mirror", "athena", "hadouken", "how are you", "snowboy", "computer")
"""Phrases on which network and law were chosen; the others are measured once."""
ALARMS_PER_HOUR = 0.5
ENROLLED = (10, 3)
SNRS_DB = (None, 10.0, 0.0)
MOST_TRIALS = 150
BEFORE_FRAMES, AFTER_FRAMES = 100, 60
QUIET_DB = -90.0
SEED = 5

Hear = Callable[[np.ndarray], np.ndarray]
"""Features [frames, 64] to vectors [hops, dim]."""


@dataclass
class Outcome:
    """One phrase, enrolled from `clips` recordings."""

    phrase: str
    clips: int
    threshold: float
    alarms: int
    hours: float
    misses: dict[str, tuple[int, int]]  # by ratio: missed, tried


def phrase_of(path: str, text: str) -> str | None:
    """The phrase of `SYLLABLES` that a recording says. Spanish takes are another word."""
    phrase = text.lower()
    return phrase if phrase in SYLLABLES and not path.split("/")[2].endswith("-es") else None


def phrase_clips(bank: Bank, said: dict[str, str]) -> dict[str, list[Clip]]:
    """Clips of each phrase of `SYLLABLES`. `said`: the manifest's text by path."""
    found = defaultdict(list)
    for clip in bank.clips:
        if clip.split == "held out" and (phrase := phrase_of(clip.path, said.get(clip.path, ""))):
            found[phrase].append(clip)
    return found


def negatives(bank: Bank, hear: Hear, more: list[np.ndarray]) -> np.ndarray:
    """Unit vectors of everything in which no phrase is said, in an order of its own. `more`: features of further
    recordings; what training has labels of is left out."""
    unlearnt = lambda c: c.split != "train" or (bank.labels[c.start : c.start + c.frames] == UNLABELLED).all()
    rows = [c for c in bank.clips if c.kind == "speech" and c.source in NEGATIVE_SOURCES and unlearnt(c)]
    rows += [c for c in bank.clips if c.kind == "music" and c.split in ("valid", "test")]
    order = np.random.default_rng(3).permutation(len(rows))
    said = []
    for start in range(0, len(rows), 40):
        features = np.concatenate([bank.read(rows[k])[0] for k in order[start : start + 40]])
        said.append(law.unit(hear(features)))
    for start in range(0, len(more), 40):
        said.append(law.unit(hear(np.concatenate(more[start : start + 40]))))
    return np.concatenate(said).astype(np.float32)


def try_phrase(
    name: str, clips: list[Clip], bank: Bank, hear: Hear, unheard: np.ndarray, bundled: np.ndarray, hop_s: float
) -> list[Outcome]:
    """Enrols from the first clips of a fixed order, seeks in all others."""
    rng = np.random.default_rng(SEED)
    clips = [clips[k] for k in rng.permutation(len(clips))]
    beds = [c for c in bank.clips if c.kind == "noise" and c.split in ("valid", "test") and c.frames > 250]
    trials = {snr: [] for snr in SNRS_DB}
    for clip in clips[max(ENROLLED) :][:MOST_TRIALS]:
        features, bed = bank.read(clip)[0], beds[rng.integers(len(beds))]
        pad = lambda frames: np.full((frames, BANDS), QUIET_DB, np.float32)
        features = np.concatenate([pad(BEFORE_FRAMES), features, pad(AFTER_FRAMES)])
        noise = bank.read(bed)[0]
        begin = rng.integers(0, max(1, len(noise) - len(features)))
        noise = np.resize(noise[begin : begin + len(features)], features.shape)
        for snr, rows in trials.items():
            mixed = features if snr is None else augment.mix(features, noise, snr)
            rows.append(law.unit(hear(mixed)).astype(np.float32))
    outcomes = []
    hours = len(unheard) * hop_s / 3600
    for count in ENROLLED:
        matcher = law.Matcher([t for clip in clips[:count] for t in templates(bank.read(clip)[0], hear)])
        base = law.bases(matcher, bundled)
        score = lambda stream, matcher=matcher, base=base: law.combine(matcher.scores(stream), base)
        apart = matcher.scores(law.side_by_side(unheard)).reshape(-1, count * len(VOICES))
        highest = law.peaks(law.combine(apart, base))
        allowed = int(ALARMS_PER_HOUR * hours)
        threshold = float(highest[allowed])
        misses = {}
        for snr, rows in trials.items():
            missed = sum(float(score(v).max()) <= threshold for v in rows)
            misses["clean" if snr is None else f"{snr:.0f} dB"] = (missed, len(rows))
        outcomes.append(Outcome(name, count, threshold, allowed, hours, misses))
    return outcomes


def share_interval(missed: int, tried: int) -> tuple[float, float]:
    """95 % interval of a share (Clopper and Pearson, 1934)."""
    low = 0.0 if missed == 0 else float(beta.ppf(0.025, missed, tried - missed + 1))
    high = 1.0 if missed == tried else float(beta.ppf(0.975, missed + 1, tried - missed))
    return low, high


def rate_interval(count: int, hours: float) -> tuple[float, float]:
    """95 % interval of a Poisson rate per hour (Garwood, 1936)."""
    low = 0.0 if count == 0 else float(gamma.ppf(0.025, count))
    return low / hours, float(gamma.ppf(0.975, count + 1)) / hours
