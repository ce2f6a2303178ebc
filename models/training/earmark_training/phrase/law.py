"""Twin of the core's matching law (`core/src/phrase`): subsequence dynamic time warping over the rows of all templates.

A template is the sequence of unit vectors of one enrolled clip. A row gives its reward once; staying on it may only
cost; a match may begin at any hop. Scores are 1 for the template itself and 0 for what the best of the negatives reach.
"""

from __future__ import annotations

import numpy as np

ENOUGH = 0.3
"""Cosine at which a row gives nothing; it gives 1 at cosine 1."""
STAY, SKIP = 0.05, 0.25
RECENT_HOPS = 5
BEST_TEMPLATES = 5
PEAK_APART_HOPS = 25
BASE_PEAKS, BASE_MOST = 20, 0.9
LOUD_BELOW_PEAK_DB, LOUD_SHARE = 25.0, 0.4
GAP_HOPS = 8
NEVER = -1e9
LARGEST = 7
"""Of the whole numbers as which a pack holds the values of other speech."""


def unit(vectors: np.ndarray) -> np.ndarray:
    """Each row at length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def spoken(features: np.ndarray, hop: int = 4) -> tuple[int, int]:
    """First hop and the one after the last of the longest loud run of a clip, one hop of margin on each side."""
    count = -(-len(features) // hop)
    padded = np.full((count * hop, features.shape[1]), -100.0)
    padded[: len(features)] = features
    level = 10 * np.log10((10 ** (padded / 10)).sum(1).reshape(count, hop).mean(1) + 1e-10)
    peak, floor = np.percentile(level, 97), np.percentile(level, 10)
    loud = np.flatnonzero(level > max(peak - LOUD_BELOW_PEAK_DB, floor + LOUD_SHARE * (peak - floor)))
    runs = np.split(loud, np.flatnonzero(np.diff(loud) > GAP_HOPS) + 1)
    longest = max(runs, key=len)
    return max(0, int(longest[0]) - 1), min(count, int(longest[-1]) + 2)


def halved(vectors: np.ndarray) -> np.ndarray:
    """Vectors [n, dim] as whole numbers from -7 to 7: half a byte keeps their directions to a cosine of 0.99."""
    largest = np.maximum(np.abs(vectors).max(1, keepdims=True), 1e-9)
    return np.round(vectors / largest * LARGEST).astype(np.int8)


class Matcher:
    """Several templates against one stream."""

    def __init__(self, templates: list[np.ndarray]):
        self.rows = np.concatenate(templates).astype(np.float32)
        lengths = np.array([len(t) for t in templates])
        self.ends = np.cumsum(lengths) - 1
        self.lengths = lengths
        first = np.zeros(len(self.rows), bool)
        first[self.ends + 1 - lengths] = True
        self.first, self.second = first, np.roll(first, 1)

    def scores(self, streams: np.ndarray) -> np.ndarray:
        """Score of each template [..., hops, templates] as it ends at each hop of streams of unit vectors
        [..., hops, dim], which are heard side by side."""
        streams = streams.astype(np.float32)
        best = np.full((*streams.shape[:-2], len(self.rows)), NEVER, np.float32)
        out = np.empty((*streams.shape[:-1], len(self.ends)), np.float32)
        begins, seconds = np.flatnonzero(self.first), np.flatnonzero(self.second & ~self.first)
        for t in range(streams.shape[-2]):
            gain = (streams[..., t, :] @ self.rows.T - ENOUGH) / (1 - ENOUGH)
            stay = best - STAY + np.minimum(gain, 0) - gain
            step, skip = np.roll(best, 1, -1), np.roll(best, 2, -1) - SKIP
            step[..., begins] = 0.0
            skip[..., begins] = NEVER
            skip[..., seconds] = -SKIP
            best = np.maximum(np.maximum(stay, step), skip) + gain
            out[..., t, :] = best[..., self.ends] / self.lengths
        return out


def side_by_side(stream: np.ndarray, pieces: int = 32) -> np.ndarray:
    """A long stream [hops, dim] as pieces of equal length [pieces, hops, dim]; what is over is left out."""
    hops = len(stream) // pieces
    return stream[: pieces * hops].reshape(pieces, hops, -1)


def peaks(scores: np.ndarray, most: int = 400) -> np.ndarray:
    """Maxima at least a second apart, the highest first."""
    found, taken = [], np.zeros(len(scores), bool)
    for at in np.argsort(-scores, kind="stable"):
        if len(found) == most:
            break
        if not taken[at]:
            found.append(scores[at])
            taken[max(0, at - PEAK_APART_HOPS + 1) : at + PEAK_APART_HOPS] = True
    return np.array(found)


def bases(matcher: Matcher, negatives: np.ndarray) -> np.ndarray:
    """What the best of the negatives reach with each template."""
    scores = matcher.scores(side_by_side(negatives)).reshape(-1, len(matcher.ends))
    return np.minimum(BASE_MOST, [peaks(scores[:, k], BASE_PEAKS).mean() for k in range(scores.shape[1])])


def combine(scores: np.ndarray, base: np.ndarray) -> np.ndarray:
    """One score per hop: the mean of the best templates, each at its best of the last hops, over its base."""
    over = (scores - base) / (1 - base)
    recent = over.copy()
    for hops in range(1, RECENT_HOPS):
        recent[hops:] = np.maximum(recent[hops:], over[:-hops])
    return np.sort(recent, 1)[:, -BEST_TEMPLATES:].mean(1)
