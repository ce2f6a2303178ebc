"""The limits that phrases usually need, by clips enrolled and false alarms allowed: what a pack tells the core.

An hour of negatives, which is all that a profile can be measured on, says little of what is reached once in ten hours.
Found on phrases that choose and on single words of the training side; those that are measured once have no part in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np

from . import law, trials
from .bank import Bank, Clip
from .templates import VOICES, templates

CLIPS = (3, 5, 10, 20)
ALARMS_PER_HOUR = (0.1, 0.5, 2.0, 8.0)
WORD_SOURCES = ("speech-commands", "free-spoken-digits")
LEAST_LETTERS = 5
HOPS_PER_HOUR = 90_000
SEED = 11


def _phrases(bank: Bank, said: dict[str, str]) -> dict[str, list[Clip]]:
    found = {name: clips for name, clips in trials.phrase_clips(bank, said).items() if name in trials.CHOOSING}
    words = defaultdict(list)
    for clip in bank.clips:
        text = said.get(clip.path, "").lower()
        if clip.source in WORD_SOURCES and clip.split == "train" and len(text) >= LEAST_LETTERS:
            words[text].append(clip)
    return found | {word: clips for word, clips in words.items() if len(clips) >= max(CLIPS)}


def drawn(clips: list) -> list:
    """The first of some clips, in an order of their own, as many as may be enrolled."""
    order = np.random.default_rng(SEED).permutation(len(clips))
    return [clips[number] for number in order[: max(CLIPS)]]


def medians(peaks: dict[int, list[np.ndarray]], hours: float) -> dict:
    """The limits as `negatives.bin` holds them. `peaks`: by clips enrolled, the peaks of each phrase in so many hours
    of other speech, the highest first."""
    ranks = [int(rate * hours) for rate in ALARMS_PER_HOUR]
    reached = lambda highest: [highest[min(rank, len(highest) - 1)] for rank in ranks]
    by_phrase = lambda count: [reached(highest) for highest in peaks[count]]
    table = [[round(float(x), 4) for x in np.median(by_phrase(count), axis=0)] for count in CLIPS]
    return {"clips": list(CLIPS), "false_alarms_per_hour": list(ALARMS_PER_HOUR), "whole": table}


def limits(
    bank: Bank,
    said: dict[str, str],
    hear: Callable[[np.ndarray], np.ndarray],
    unheard: np.ndarray,
    bundled: np.ndarray,
) -> dict:
    """The medians over the phrases, as `negatives.bin` holds them, from unit vectors of other speech."""
    peaks = defaultdict(list)
    for _, clips in sorted(_phrases(bank, said).items()):
        enrolled = drawn(clips)
        matcher = law.Matcher([t for clip in enrolled for t in templates(bank.read(clip)[0], hear)])
        base = law.bases(matcher, bundled)
        scores = matcher.scores(law.side_by_side(unheard)).reshape(-1, len(enrolled) * len(VOICES))
        for count in CLIPS:
            if count <= len(enrolled):
                used = slice(count * len(VOICES))
                peaks[count].append(law.peaks(law.combine(scores[:, used], base[used])))
    return medians(peaks, len(unheard) / HOPS_PER_HOUR)
