"""Pairs of stretches of unseen speakers: one person or two?

*Sentences*: 2 s of read speech, from other clips of the speaker where there are any, else from elsewhere in the same
one. *Words*: the same word said again, in a clip of 1 s. *Two words*: two clips of words joined, the same two again.
Impostors come from the same source and, with words, say the same; so microphone and text give nobody away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from .. import HOP_SAMPLES, RATE_HZ
from ..corpus import Cache, Clip
from ..features import log_mel
from .bank import active_span
from .roster import Voice

SENTENCE_SOURCES = ("librispeech-clean", "speechocean762", "alphanumeric", "gcompris-voices")
WORD_SOURCES = ("speech-commands", "arabic-commands")
PAIRED_WORDS = {
    "speech-commands": (("down", "go"), ("left", "no"), ("off", "on"), ("right", "stop"), ("up", "yes")),
    "arabic-commands": (("forward", "next"), ("four", "move"), ("cancel", "no"), ("disable", "direction")),
}
SENTENCE_SAMPLES = 2 * RATE_HZ
MOST_OF_SPEAKER = 10
MOST_TAKES = 3
KINDS = ("sentence", "word", "two words")
CHILD_BELOW_YEARS = 13


@dataclass(frozen=True)
class Stretch:
    """What one side of a pair is: parts of clips, joined."""

    kind: str
    source: str
    speaker: str
    parts: tuple[tuple[Clip, int, int], ...]  # clip, first sample, samples
    text: str = ""
    language: str = ""
    age: int = 0

    @property
    def child(self) -> bool:
        """Known to be one."""
        return 0 < self.age < CHILD_BELOW_YEARS

    def samples(self, cache: Cache) -> np.ndarray:
        """As float32 at 16 kHz."""
        return np.concatenate([cache.audio(clip)[first : first + length] for clip, first, length in self.parts])


@dataclass
class Pairs:
    """All pairs of one kind; rows of `first`, `second` number stretches."""

    first: np.ndarray
    second: np.ndarray
    same: np.ndarray  # bool: one speaker


def stretches(
    cache: Cache, voices: Iterable[Voice], side: str, sentence_samples: int = SENTENCE_SAMPLES
) -> list[Stretch]:
    """All stretches of one side, in a fixed order."""
    of_speaker: dict[tuple[str, str], list[Voice]] = defaultdict(list)
    for voice in voices:
        if voice.side == side and voice.speaker:
            of_speaker[voice.clip.source, voice.speaker].append(voice)
    found: list[Stretch] = []
    for (source, _), own in sorted(of_speaker.items()):
        own.sort(key=lambda v: v.clip.path)
        if source in SENTENCE_SOURCES:
            found += _sentences(cache, own, sentence_samples)
        if source in WORD_SOURCES:
            found += _words(own)
            found += _two_words(own)
    return found


def _stretch(kind: str, voice: Voice, parts, text: str = "") -> Stretch:
    return Stretch(kind, voice.clip.source, voice.speaker, tuple(parts), text, voice.clip.language, voice.age)


def _sentences(cache: Cache, own: list[Voice], length: int) -> list[Stretch]:
    """Windows of that many samples, by turns from every clip."""
    windows = []
    for voice in own:
        first, last = active_span(log_mel(cache.audio(voice.clip)))
        end = min(last * HOP_SAMPLES, voice.clip.length_samples)  # the last frame may not be filled
        for k in range((end - first * HOP_SAMPLES) // length):
            part = (voice.clip, first * HOP_SAMPLES + k * length, length)
            windows.append((k, _stretch("sentence", voice, [part])))
    windows.sort(key=lambda w: w[0])
    return [stretch for _, stretch in windows[:MOST_OF_SPEAKER]]


def _takes(own: list[Voice]) -> dict[str, list[Voice]]:
    takes: dict[str, list[Voice]] = defaultdict(list)
    for voice in own:
        if voice.text:
            takes[voice.text].append(voice)
    return {text: found[:MOST_TAKES] for text, found in sorted(takes.items())}


def _words(own: list[Voice]) -> list[Stretch]:
    whole = lambda v: (v.clip, 0, v.clip.length_samples)
    return [_stretch("word", v, [whole(v)], text) for text, found in _takes(own).items() for v in found]


def _two_words(own: list[Voice]) -> list[Stretch]:
    """The pairs of words that most speakers have, take by take."""
    takes, found = _takes(own), []
    for one, other in PAIRED_WORDS[own[0].clip.source]:
        for a, b in zip(takes.get(one, ()), takes.get(other, ()), strict=False):
            parts = [(v.clip, 0, v.clip.length_samples) for v in (a, b)]
            found.append(_stretch("two words", a, parts, f"{one} {other}"))
    return found


def pairs_of(found: list[Stretch], kind: str) -> Pairs:
    """Each stretch with every other one of its kind, source and text."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for k, stretch in enumerate(found):
        if stretch.kind == kind:
            groups[stretch.source, stretch.text].append(k)
    pairs = [pair for group in groups.values() for pair in combinations(group, 2)]
    first, second = np.array(pairs, int).reshape(-1, 2).T
    same = np.array([found[a].speaker == found[b].speaker for a, b in pairs], bool)
    return Pairs(first, second, same)


def with_noise(samples: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    """The stretch with noise that far under its own mean level."""
    power = lambda x: float(np.mean(x.astype(np.float64) ** 2)) + 1e-12
    gain = np.sqrt(power(samples) / power(noise) * 10 ** (-snr_db / 10))
    return (samples + gain * noise).astype(np.float32)


def noises_for(cache: Cache, side: str, found: list[Stretch], seed: int = 5) -> list[np.ndarray]:
    """A stretch of noise of that side for every stretch of speech."""
    clips = [c for c in cache.clips if c.kind == "noise" and c.split == side and c.length_samples > RATE_HZ]
    rng, drawn = np.random.default_rng(seed), []
    for stretch in found:
        length = sum(part[2] for part in stretch.parts)
        while True:
            whole = cache.audio(clips[rng.integers(len(clips))])
            start = int(rng.integers(0, max(1, len(whole) - length)))
            piece = np.resize(whole[start : start + length], length)
            if np.mean(piece**2) > 1e-8:
                break
        drawn.append(piece)
    return drawn


def recordings(cache: Cache, found: list[Stretch], noises: list[np.ndarray], snr_db: float | None) -> list[np.ndarray]:
    """Samples of all stretches, quiet or with noise."""
    quiet = [stretch.samples(cache) for stretch in found]
    return quiet if snr_db is None else [with_noise(x, n, snr_db) for x, n in zip(quiet, noises, strict=True)]
