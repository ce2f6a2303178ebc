"""The same recording under another name, rate or codec, found by its fingerprint.

After Haitsma and Kalker (ISMIR 2002): the signs of the differences of band energies along frequency and time make a
word
of 31 bits per hop of 10 ms; energies are taken over a third of a second, so that neighbouring words are much alike and
a
shift of half a hop does no harm. Two recordings are twins where words in a row agree in all but a quarter of their
bits.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.ndimage import uniform_filter1d

from ..corpus import decode, list_clips
from ..features import log_mel

WINDOW_FRAMES = 33
LOWEST_BAND = 4
"""From about 200 Hz up to 2.5 kHz: what codecs and resampling leave as it is."""
FLOOR_DB = -75.0
BITS = 31
STRETCH_FRAMES = 256
"""Words in a row that have to agree; shorter recordings are not compared."""
AGREEING_BITS = 0.75
EVERY = 3
"""Only every third word is looked up."""


def words_of(samples: np.ndarray) -> np.ndarray:
    """One word of `BITS` bits per 10 ms, uint32, of mono samples at 16 kHz."""
    heard_db = np.maximum(log_mel(samples)[:, LOWEST_BAND : LOWEST_BAND + BITS + 1], FLOOR_DB)
    bands = uniform_filter1d(heard_db.astype(np.float64), WINDOW_FRAMES, axis=0)
    slope = bands[:, :-1] - bands[:, 1:]
    signs = (slope[1:] - slope[:-1]) > 0
    return (signs @ (1 << np.arange(BITS, dtype=np.uint64))).astype(np.uint32)


class Index:
    """Words of known recordings; `has` asks whether a recording is one of them."""

    def __init__(self):
        self.recordings: list[np.ndarray] = []
        self.places: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def add(self, words: np.ndarray) -> None:
        """Takes in one more recording."""
        number = len(self.recordings)
        self.recordings.append(words)
        for at in range(0, len(words), EVERY):
            self.places[int(words[at])].append((number, at))

    def has(self, samples: np.ndarray) -> bool:
        """Whether a stretch of a known recording sounds the same."""
        words = words_of(samples)
        votes = Counter()
        for at, word in enumerate(words):
            for number, place in self.places.get(int(word), ()):
                votes[number, place - at] += 1
        return any(self._agree(words, *where) for where, count in votes.most_common(8) if count > 1)

    def _agree(self, words: np.ndarray, number: int, shift: int) -> bool:
        other = self.recordings[number]
        first, last = max(0, -shift), min(len(words), len(other) - shift)
        if last - first < STRETCH_FRAMES:
            return False
        different = np.bitwise_count(words[first:last] ^ other[first + shift : last + shift])
        worst = uniform_filter1d(different.astype(np.float64), STRETCH_FRAMES)[STRETCH_FRAMES // 2 :]
        return bool(worst.min() < (1 - AGREEING_BITS) * BITS)


def fingerprints_of(corpus: Path, folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Path and words of all music and noise of a corpus, kept in `folder`."""
    store = Path(folder) / f"{Path(corpus).resolve().name}.npz"
    clips = [c for c in list_clips(corpus) if c.kind in ("music", "noise")]
    if store.exists():
        with np.load(store) as kept:
            if set(kept.files) == {c.path for c in clips}:
                yield from ((c.path, kept[c.path]) for c in clips)
                return
    made = {c.path: words_of(decode(Path(corpus) / c.path).astype(np.float32) / 32768.0) for c in clips}
    store.parent.mkdir(parents=True, exist_ok=True)
    np.savez(store, **made)
    yield from made.items()
