"""Trials as `earmark voice verify` has them: a few clips enrolled, then one stretch of the owner or of somebody else.

Sentences: three of 3 s are enrolled, others are tried from their first half second to all three. Words: other takes of
the word, filled up with other words to three clips; impostors say the word that was enrolled.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from .. import FRAMES_PER_SECOND, RATE_HZ
from ..corpus import Cache
from ..features import log_mel
from .cohort import Heard, enrolled, hear, normalised
from .export import Printer
from .roster import Voice
from .trials import Stretch, noises_for, stretches, with_noise

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


def _plan(found: list[Stretch]) -> list[tuple[list[int], list[int]]]:
    """Stretches to enrol and stretches to try against them."""
    plans = []
    of_speaker: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for k, stretch in enumerate(found):
        if stretch.kind != "two words":
            of_speaker[stretch.kind, stretch.source, stretch.speaker].append(k)
    for (kind, source, speaker), own in of_speaker.items():
        others = lambda text: [  # noqa: B023 - used at once
            k
            for (a, b, c), theirs in of_speaker.items()
            if (a, b) == (kind, source) and c != speaker  # noqa: B023
            for k in theirs
            if found[k].text == text
        ]
        if kind == "sentence" and len(own) > ENROLLED:
            plans.append((own[:ENROLLED], own[ENROLLED:] + others("")))
        for text in sorted({found[k].text for k in own} if kind == "word" else ()):
            takes = [k for k in own if found[k].text == text]
            fill = [k for k in own if found[k].text != text]
            if len(takes) > 1 and len(takes) - 1 + len(fill) >= ENROLLED:
                plans.append(((takes[:-1] + fill)[:ENROLLED], [takes[-1], *others(text)]))
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
        features = []
        for stretch, noise in zip(found, noises, strict=True):
            samples = stretch.samples(cache)
            features.append(log_mel(samples if snr_db is None else with_noise(samples, noise, snr_db)))
        whole = [hear(printer, f) for f in features]
        quiet = quiet or whole
        name = "quiet" if snr_db is None else f"{snr_db:.0f} dB"
        for length_s in LENGTHS_S:
            cut = [hear(printer, f[: int(length_s * FRAMES_PER_SECOND)]) for f in features]
            results[f"sentence, {length_s} s, {name}"] = _columns(found, plans, "sentence", quiet, cut, cohort, about)
        results[f"word, {name}"] = _columns(found, plans, "word", quiet, whole, cohort, about)
    return results


def _columns(found, plans, kind: str, quiet: list[Heard], heard: list[Heard], cohort, about) -> Tried:
    tests = np.stack([h.embedding for h in heard])
    rows = []
    for clips, against in plans:
        if found[clips[0]].kind != kind:
            continue
        model = enrolled(np.stack([quiet[k].embedding for k in clips]))
        scores = normalised(model[None], tests[against], cohort)[0]
        rows += [(s, heard[k].duration_s, clips[0], k) for s, k in zip(scores, against, strict=True)]
    score, duration_s, owner, test = (np.array(c) for c in zip(*rows, strict=True))
    number = about["number"]
    return Tried(
        score,
        duration_s,
        number[owner] == number[test],
        number[owner],
        number[test],
        *(about[name][test] for name in ("child", "source", "language")),
    )
