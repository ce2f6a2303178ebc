"""When each speech sound is said: pocketsphinx's English models first, then the network's own scores for the rest.

`Aligner` needs the package pocketsphinx 5.1.1 with the models that it brings (BSD licence); its phones are ARPAbet.
`by_scores` is a Viterbi alignment over the network's scores every 20 ms, with a pause allowed between words.
"""

from __future__ import annotations

import numpy as np

from .pronounce import English, Words
from .units import INDEX

STRANGERS = {"X": "HH", "RR": "R", "UE": "UW", "TS": "S", "NY": "N", "EE": "EY", "OO": "AO"}
"""What a network that has only heard English hears in their place."""
NEVER = -1e9
SHORTEST_UNIT_STEPS = 0.6


class Aligner:
    """English recordings with known words."""

    PADDING_S = 0.3

    def __init__(self, english: English):
        from pocketsphinx import Decoder

        self.english = english
        self.decoder = Decoder(loglevel="FATAL", samprate=16000, lm=None, beam=1e-80, wbeam=1e-60, pbeam=1e-80)

    def labels(self, samples: np.ndarray, text: str) -> np.ndarray | None:
        """A unit for each frame of 10 ms, or nothing where a word is unknown or the alignment fails."""
        words = self.english.split(text)
        if not words or any(self.decoder.lookup_word(w) is None for w in words):
            return None
        hush = np.random.default_rng(0).integers(-8, 8, int(self.PADDING_S * 16000)).astype(np.int16)
        padded = np.concatenate([hush, samples, hush]).tobytes()
        try:
            self.decoder.set_align_text(" ".join(words))
            if not self._decode(padded):
                return None
            self.decoder.set_alignment()
            self._decode(padded)
            phones = [phone for word in self.decoder.get_alignment() for phone in word]
        except RuntimeError:
            return None
        labels = np.zeros(len(samples) // 160, np.int8)
        shift = round(self.PADDING_S * 100)
        for phone in phones:
            first = phone.start - shift
            labels[max(0, first) : max(0, first + phone.duration)] = INDEX.get(phone.name, INDEX["SIL"])
        return labels

    def _decode(self, samples: bytes) -> bool:
        self.decoder.start_utt()
        self.decoder.process_raw(samples, full_utt=True)
        self.decoder.end_utt()
        return self.decoder.hyp() is not None


def by_scores(scores: np.ndarray, words: Words, english_only: bool) -> tuple[np.ndarray, float] | None:
    """The best path through the words: a unit per step of `scores` [steps, units] (log probabilities), and its mean
    score; nothing where the words do not fit into the steps."""
    silence = INDEX["SIL"]
    path = [silence]
    for word in words:
        path += [*(INDEX[u] for u in word), silence]
    states = np.array(path)
    heard = np.array([INDEX[STRANGERS.get(u, u)] for u in INDEX]) if english_only else np.arange(len(INDEX))
    steps, count = len(scores), len(states)
    if steps < count * SHORTEST_UNIT_STEPS:
        return None
    emitted = scores[:, heard[states]]
    may_skip = np.zeros(count, bool)
    may_skip[2:] = states[1:-1] == silence
    best = np.full(count, NEVER)
    best[:2] = emitted[0, :2]
    came = np.zeros((steps, count), np.int8)
    for t in range(1, steps):
        step = np.concatenate([[NEVER], best[:-1]])
        skip = np.where(may_skip, np.concatenate([[NEVER, NEVER], best[:-2]]), NEVER)
        came[t] = np.argmax(np.stack([best, step, skip]), 0)
        best = np.choose(came[t], [best, step, skip]) + emitted[t]
    at = count - 1 if best[-1] >= best[-2] else count - 2
    score = float(best[at] / steps)
    taken = np.empty(steps, int)
    for t in range(steps - 1, -1, -1):
        taken[t] = at
        at -= int(came[t, at])
    return states[taken], score
