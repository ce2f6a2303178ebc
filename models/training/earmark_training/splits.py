"""Who is trained on (`train`), who chooses (`valid`), who is measured once (`test`): by speaker, recording and source.

A manifest has two sides, train and valid. `cut_test` takes half of valid for *test*, speaker by speaker and recording
by
recording, and marks what packs of the past were chosen on. Calibration, thresholds, early stopping and every comparison
use valid; test is opened once for each pack that ships (`ledger`). `check` refuses a corpus in which a speaker or a
recording stands on two sides; nothing is trained then.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

from . import TrainingError

if TYPE_CHECKING:
    from .corpus import Clip

SPLITS = ("train", "valid", "test")

LEFT_OUT = {
    "precise-community": "single words in 2 to 3 s phone recordings with handling noise and television as loud as the "
    "word: labels from energy are wrong there",
}
"""Sources that are neither trained on nor measured, with the reason."""

VOICES_IN_TRAIN = ("robotutor-en", "robotutor-sw", "robotutor-songs", "asp-audio")
"""Sources split by story or song whose few unnamed voices are on both sides of train and valid: never test."""

ONE_VOICE_A_LANGUAGE = ("gcompris-voices", "klettres", "ktuberling")
"""Sources whose unnamed contributors may be one person in all clips of a language, and in each other: they are split by
language, together."""

CHOSE = "0.6.0"
"""Packs up to this one were stopped, calibrated and picked on the valid side of their corpus, all of it."""

TEST_SHARE = 0.5


class SplitError(TrainingError):
    """Two sides share a speaker or a recording."""


def _place(name: str) -> float:
    """A number in [0, 1) that is the same for a name on every machine."""
    return int.from_bytes(hashlib.sha256(f"test/{name}".encode()).digest()[:4], "big") / 2**32


def groups_of(clips: list[Clip]) -> list[list[Clip]]:
    """Clips that must stay together: linked by speaker, by recording or, where voices have no names, by language."""
    parent: dict[tuple, tuple] = {}

    def root(key: tuple) -> tuple:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    def keys_of(clip: Clip) -> list[tuple]:
        if clip.source in ONE_VOICE_A_LANGUAGE and clip.language:
            return [("language", clip.language)]
        named = [("recording", clip.kind, clip.source, clip.recording)]
        return named + ([("speaker", clip.kind, clip.source, clip.speaker)] if clip.speaker else [])

    for clip in clips:
        first, *others = keys_of(clip)
        for other in others:
            parent[root(other)] = root(first)
    groups: dict[tuple, list[Clip]] = defaultdict(list)
    for clip in clips:
        groups[root(keys_of(clip)[0])].append(clip)
    return list(groups.values())


def cut_test(clips: list[Clip]) -> None:
    """Moves about half of the valid side of a two-sided corpus to test (in place) and marks what chose packs of the
    past.

    A corpus whose manifest already has test rows is left as it is: its makers know what was heard and what was not.
    """
    if any(c.split == "test" for c in clips):
        return
    valid = [c for c in clips if c.split == "valid"]
    for clip in valid:
        clip.chose = CHOSE
    for group in groups_of([c for c in valid if c.kind != "room" and c.source not in VOICES_IN_TRAIN]):
        if _place(min(f"{c.source}/{c.speaker or c.recording}" for c in group)) < TEST_SHARE:
            for clip in group:
                clip.split = "test"


def check(clips: list[Clip]) -> None:
    """Raises `SplitError` naming the first overlaps between the sides."""
    problems = []
    for field in ("speaker", "recording"):
        sides = defaultdict(set)
        for clip in clips:
            name = getattr(clip, field)
            if name:
                sides[(clip.kind, clip.source, name)].add(clip.split)
        both = sorted(name for (_, _, name), splits in sides.items() if len(splits) > 1)
        if both:
            problems.append(f"{len(both)} {field}(s) on more than one side: {', '.join(both[:5])}")
    unknown = sorted({c.split for c in clips} - set(SPLITS))
    if unknown:
        problems.append(f"unknown split names: {', '.join(unknown)}")
    if problems:
        raise SplitError("; ".join(problems))


def select(clips: list[Clip], split: str, hold_out: tuple[str, ...] = ()) -> list[Clip]:
    """Clips of one split; `train` leaves held-out sources away, `held-out` is everything of those sources."""
    clips = [c for c in clips if c.source not in LEFT_OUT]
    if split == "held-out":
        return [c for c in clips if c.source in hold_out]
    chosen = [c for c in clips if c.split == split]
    return [c for c in chosen if c.source not in hold_out] if split == "train" else chosen
