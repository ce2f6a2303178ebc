"""New mixtures from stored scenes of one kind, in the power domain of the features, while training.

Two scenes are added band by band (powers add when phases are unrelated), one of them turned up or down first. Labels
follow the same rule as in `labels`: what ends up far below the rest is not judged or is gone. So every talker meets
every music bed at every level, at the price of an addition. Before that each scene gets an equaliser, a band limit and
a vocal tract (a stretch of the mel axis) of its own, which makes new voices and instruments out of old ones.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_dilation, uniform_filter1d

from . import DONT_CARE, LABELS, SPEECH
from .features import PAD_DB

PURE_KINDS = {"speech": 0.42, "music": 0.24, "noise": 0.20, "singing": 0.11, "babble": 0.03}
HARD_KINDS = {"singing": 0.35, "music": 0.30, "noise": 0.30, "babble": 0.05}
# (kind that leads, kind that follows or none, share of remixed scenes, level of the leader over the follower)
PAIRS = (
    ("speech", "music", 0.30, (-10.0, 20.0)), ("speech", "noise", 0.30, (-5.0, 30.0)), ("speech", "babble", 0.04, (2.0, 25.0)),
    ("speech", "singing", 0.08, (-5.0, 20.0)), ("music", "noise", 0.09, (-10.0, 25.0)), ("singing", "noise", 0.05, (0.0, 25.0)),
    ("singing", "", 0.06, (0.0, 0.0)), ("music", "", 0.06, (0.0, 0.0)), ("noise", "", 0.07, (0.0, 0.0)),
    # two beds make a third that nobody recorded: the corpus has too few to be learnt by heart without harm
    ("music", "music", 0.06, (-6.0, 12.0)), ("noise", "noise", 0.12, (-6.0, 12.0)),
)
AUDIBLE_DB = {"speech": 12.0, "music": 22.0, "noise": 20.0}   # below the other scene: still judged present
GONE_DB = {"speech": 99.0, "music": 34.0, "noise": 34.0}      # below the other scene: absent
EQUALISER_DB = 12.0
BAND_LIMIT_SHARE = 0.15
WARP_SHARE, WARP_RANGE = 0.7, (0.85, 1.18)
PACE_SHARE, PACE_RANGE = 0.4, (0.85, 1.2)
BACKWARDS_SHARE, BACKWARDS_KINDS = 0.5, ("music", "noise")  # a voice backwards is neither speech nor any sound that is met
ONSET_SHARE, ONSET_AFTER_FRAMES = 0.3, (5, 30)  # recordings of words and sentences begin shortly before the voice does
SILENT_SHARE, SILENT_FRAMES = 0.35, (150, 900)
TURNS_SHARE, TURNS_MARGIN_FRAMES = {"music": 0.3, "noise": 0.3, "singing": 0.7}, 10  # as on the radio: a voice, then a song
SMOOTH_FRAMES = {"speech": 9, "music": 51, "noise": 41}


def loudness_db(power: np.ndarray) -> np.ndarray:
    """Level of the loud frames, [batch], from total band power [batch, frames]."""
    return 10 * np.log10(np.quantile(power, 0.9, axis=1) + 1e-9)


def _masked(labels: np.ndarray, own: np.ndarray, other: np.ndarray) -> np.ndarray:
    out = labels.copy()
    for k, name in enumerate(LABELS):
        size = SMOOTH_FRAMES[name]
        under_db = 10 * np.log10((uniform_filter1d(other, size, axis=1) + 1e-9) / (uniform_filter1d(own, size, axis=1) + 1e-9))
        present = labels[..., k] == 1
        out[..., k][present & (under_db > AUDIBLE_DB[name])] = DONT_CARE
        out[..., k][present & (under_db > GONE_DB[name])] = 0
    return out


def add_scenes(features_a: np.ndarray, labels_a: np.ndarray, features_b: np.ndarray, labels_b: np.ndarray,
               a_over_b_db: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mixture of each pair; the leader keeps its level, the follower is set `a_over_b_db` below it."""
    power_a, power_b = (np.power(10.0, f / 10.0, dtype=np.float32) for f in (features_a, features_b))
    total_a, total_b = power_a.sum(2), power_b.sum(2)
    shift_db = loudness_db(total_a) - loudness_db(total_b) - a_over_b_db
    factor = np.power(10.0, shift_db / 10.0).astype(np.float32)
    power_b *= factor[:, None, None]
    total_b = total_b * factor[:, None]
    labels_a, labels_b = _masked(labels_a, total_a, total_b), _masked(labels_b, total_b, total_a)
    both = np.maximum(labels_a, labels_b)
    both[(labels_a == 1) | (labels_b == 1)] = 1
    power_a += power_b
    return np.maximum(10.0 * np.log10(power_a + 1e-10, dtype=np.float32), PAD_DB), both


def disguise(features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The scenes [batch, frames, bands] as other voices, instruments and microphones might have sounded."""
    batch, _, bands = features.shape
    axis = np.arange(bands, dtype=np.float32)
    factor = np.where(rng.random(batch) < WARP_SHARE, rng.uniform(*WARP_RANGE, batch), 1.0).astype(np.float32)
    at = np.clip(axis * factor[:, None], 0, bands - 1.001)
    low = at.astype(int)
    part = (at - low).astype(np.float32)[:, None, :]
    rows = np.arange(batch)[:, None]
    by_band = features.transpose(0, 2, 1)  # taking whole rows is what memory likes
    out = by_band[rows, low].transpose(0, 2, 1) * (1 - part) + by_band[rows, low + 1].transpose(0, 2, 1) * part
    knots = rng.normal(0.0, EQUALISER_DB / 2, (batch, 7))
    curve = np.stack([np.interp(np.linspace(0, 6, bands), np.arange(7), k) for k in knots])
    limited = rng.random(batch) < BAND_LIMIT_SHARE
    below, above = rng.uniform(-8, 14, batch), rng.uniform(38, bands + 4, batch)
    edge = np.minimum(np.minimum(axis - below[:, None], above[:, None] - axis), 0.0) * 12.0
    curve += np.where(limited[:, None], np.maximum(edge, -60.0), 0.0)
    out = np.maximum(out + curve[:, None, :].astype(np.float32), PAD_DB)
    out[(features <= PAD_DB).all(2)] = PAD_DB  # digital silence stays what it is
    return out


def in_time(features: np.ndarray, labels: np.ndarray, backwards: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The scenes at a pace of their own, begun anywhere (what runs over the end goes on at the start), some `backwards` [batch].

    `ONSET_SHARE` of those with a voice begin shortly before it sets in."""
    batch, frames = features.shape[:2]
    begin = rng.integers(0, frames, batch)
    for i in np.flatnonzero(~backwards & (rng.random(batch) < ONSET_SHARE)):
        onsets = np.flatnonzero(np.diff((labels[i, :, SPEECH] == 1).astype(np.int8), prepend=1) == 1)
        if len(onsets):
            begin[i] = onsets[rng.integers(len(onsets))] - rng.integers(*ONSET_AFTER_FRAMES)
    pace = np.where(rng.random(batch) < PACE_SHARE, rng.uniform(*PACE_RANGE, batch), 1.0)
    at = np.arange(frames) * np.where(backwards, -pace, pace)[:, None] + begin[:, None]
    at, rows = np.floor(at).astype(int) % frames, np.arange(batch)[:, None]
    return features[rows, at], labels[rows, at]


def fall_silent(features: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> None:
    """Takes the voice out of one scene [frames, ...] for 1.5 to 9 s, from pause to pause (in place)."""
    pauses = np.flatnonzero(labels[:, SPEECH] == 0)
    if len(pauses) == 0:
        return
    begin = pauses[rng.integers(len(pauses))]
    later = pauses[pauses >= begin + rng.integers(*SILENT_FRAMES)]
    end = later[0] if len(later) else len(labels)
    features[begin:end], labels[begin:end] = PAD_DB, 0


def take_turns(labels_voice: np.ndarray, features: np.ndarray, labels: np.ndarray) -> None:
    """Silences a follower [frames, ...] wherever the voice speaks (in place)."""
    speaking = binary_dilation(labels_voice[:, SPEECH] == 1, iterations=TURNS_MARGIN_FRAMES)
    features[speaking], labels[speaking] = PAD_DB, 0


class Remixer:
    """Draws remixed batches from the scenes of one kind among the given shards."""

    def __init__(self, shards):
        self.shards = shards
        self.by_kind: dict[str, np.ndarray] = {}
        self.refresh()

    def refresh(self) -> None:
        """Takes up new shards."""
        self.shards.refresh()
        kinds = np.array([a["kind"] for a in self.shards.about])
        self.by_kind = {k: np.flatnonzero(kinds == k) for k in PURE_KINDS}

    def batch(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """`count` mixtures: features [count, frames, 64], labels [count, frames, 3]."""
        usable = [p for p in PAIRS if len(self.by_kind[p[0]]) and (not p[1] or len(self.by_kind[p[1]]))]
        shares = np.array([p[2] for p in usable])
        pairs = [usable[i] for i in rng.choice(len(PAIRS), count, p=shares / shares.sum())]
        lead = np.array([rng.choice(self.by_kind[p[0]]) for p in pairs])
        follow = np.array([rng.choice(self.by_kind[p[1]]) if p[1] else k for p, k in zip(pairs, lead)])
        alone = np.array([not p[1] for p in pairs])
        level_db = np.array([rng.uniform(*p[3]) for p in pairs])
        features_a, labels_a = self.shards.batch(lead)
        features_b, labels_b = self.shards.batch(follow)
        features_a, features_b = disguise(features_a, rng), disguise(features_b, rng)
        backwards = lambda kinds: np.isin(kinds, BACKWARDS_KINDS) & (rng.random(count) < BACKWARDS_SHARE)
        backwards_a, backwards_b = backwards([p[0] for p in pairs]), backwards([p[1] or p[0] for p in pairs])
        features_a, labels_a = in_time(features_a, labels_a, backwards_a, rng)
        features_b, labels_b = in_time(features_b, labels_b, backwards_b, rng)
        turns = rng.random(count) < np.array([TURNS_SHARE.get(p[1], 0.0) * (p[0] == "speech") for p in pairs])
        for i in np.flatnonzero(turns | [p[0] == "speech" for p in pairs] & (rng.random(count) < SILENT_SHARE)):
            fall_silent(features_a[i], labels_a[i], rng)
            if turns[i]:
                take_turns(labels_a[i], features_b[i], labels_b[i])
        features, labels = add_scenes(features_a, labels_a, features_b, labels_b, level_db)
        features[alone], labels[alone] = features_a[alone], labels_a[alone]
        return features, labels
