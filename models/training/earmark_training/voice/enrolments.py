"""Trials as `earmark voice verify` has them: a few clips enrolled, then one stretch of the owner or of somebody else.

Sentences: three of 3 s are enrolled, others are tried from their first half second to all three. Words: other takes of
the word, filled up with other words to three clips; impostors say the word that was enrolled.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .. import FRAMES_PER_SECOND, RATE_HZ
from ..corpus import Cache
from ..features import log_mel
from . import HOP_FRAMES
from .cohort import Heard, enrolled, judge, normalised
from .roster import Voice
from .trials import Stretch, noises_for, recordings, stretches

if TYPE_CHECKING:
    from .printer import Printer

ENROLLED = 3
SENTENCE_SAMPLES = 3 * RATE_HZ
LENGTHS_S = (0.5, 1.0, 2.0, 3.0)
SNRS_DB = (None, 20.0, 10.0)
"""Of the stretch that is tried; enrolment is quiet."""


@dataclass
class Tried:
    """Columns of one kind of trials, alike in length."""

    score: np.ndarray
    duration_s: np.ndarray
    same: np.ndarray
    owner: np.ndarray  # number of the speaker who is enrolled
    tried: np.ndarray  # of the one who speaks
    child: np.ndarray  # the one who speaks is known to be a child
    source: np.ndarray
    language: np.ndarray
    same_words: bool  # impostors say what was enrolled, as where a password is asked for


def _plan(found: list[Stretch]) -> list[tuple[list[int], list[int]]]:
    """Stretches to enrol and stretches to try against them."""
    plans = []
    of_speaker: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for k, stretch in enumerate(found):
        if stretch.kind != "two words":
            of_speaker[stretch.kind, stretch.source, stretch.speaker].append(k)
    for (kind, source, speaker), own in of_speaker.items():
        same_kind = [key for key in of_speaker if key[:2] == (kind, source) and key[2] != speaker]
        rivals = [k for key in same_kind for k in of_speaker[key]]
        if kind == "sentence" and len(own) > ENROLLED:
            plans.append((own[:ENROLLED], own[ENROLLED:] + rivals))
        for text in sorted({found[k].text for k in own} if kind == "word" else ()):
            takes = [k for k in own if found[k].text == text]
            fill = [k for k in own if found[k].text != text]
            if len(takes) > 1 and len(takes) - 1 + len(fill) >= ENROLLED:
                others = [k for k in rivals if found[k].text == text]
                plans.append(((takes[:-1] + fill)[:ENROLLED], [takes[-1], *others]))
    return plans


def tried(printer: Printer, cache: Cache, voices: list[Voice], side: str, cohort: np.ndarray) -> dict[str, Tried]:
    """Trials of one side by a name such as "sentence, 1.0 s, 10 dB"."""
    found = stretches(cache, voices, side, SENTENCE_SAMPLES)
    plans, results = _plan(found), {}
    speakers = {name: k for k, name in enumerate(sorted({s.speaker for s in found}))}
    column = lambda value: np.array([value(s) for s in found])
    about = {
        "child": column(lambda s: s.child),
        "source": column(lambda s: s.source),
        "language": column(lambda s: s.language),
        "number": column(lambda s: speakers[s.speaker]),
    }
    noises = noises_for(cache, side, found)
    quiet: list[Heard] = []
    for snr_db in SNRS_DB:
        rows = [printer.vectors(log_mel(x)) for x in recordings(cache, found, noises, snr_db)]
        whole = [judge(r) for r in rows]
        quiet = quiet or whole
        name = "quiet" if snr_db is None else f"{snr_db:.0f} dB"
        for length_s in LENGTHS_S:
            cut = [judge(r[: round(length_s * FRAMES_PER_SECOND / HOP_FRAMES)]) for r in rows]
            results[f"sentence, {length_s} s, {name}"] = _columns(found, plans, "sentence", quiet, cut, cohort, about)
        results[f"word, {name}"] = _columns(found, plans, "word", quiet, whole, cohort, about)
    return results


def _columns(found, plans, kind: str, quiet: list[Heard], heard: list[Heard], cohort, about) -> Tried:
    tests = np.stack([h.embedding for h in heard])
    own = [plan for plan in plans if found[plan[0][0]].kind == kind]
    models = np.stack([enrolled(np.stack([quiet[k].embedding for k in clips])) for clips, _ in own])
    scores = normalised(models, tests, cohort)
    rows = [(scores[m, k], heard[k].duration_s, clips[0], k) for m, (clips, against) in enumerate(own) for k in against]
    score, duration_s, owner, test = (np.array(c) for c in zip(*rows, strict=True))
    number = about["number"]
    return Tried(
        score,
        duration_s,
        number[owner] == number[test],
        number[owner],
        number[test],
        *(about[name][test] for name in ("child", "source", "language")),
        same_words=kind == "word",
    )
