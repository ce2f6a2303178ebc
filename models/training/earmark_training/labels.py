"""Frame labels at 10 ms from the clean sources.

Speech: energy of the pre-emphasised clean clip against its own loud level and its own floor, with hysteresis;
short gaps are bridged. Where word times are known they decide, and frames on which they and the energy contradict
each other are not judged. Music and noise: their own energy and their level against everything else in the scene.
What a careful listener would argue about is `DONT_CARE` and neither trained nor measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_closing, binary_propagation, maximum_filter1d, uniform_filter1d

from . import DONT_CARE, HOP_SAMPLES

PRE_EMPHASIS = 0.9
SPEECH_RANGE_DB = 32.0  # frames this far below the clip's loud level are no speech
SPEECH_OVER_FLOOR_DB = 10.0  # and they must rise this much over the clip's own floor
SEED_OVER_DB = 8.0  # a speech region needs at least one frame this much over the threshold
BRIDGE_FRAMES = 12  # gaps up to 120 ms inside a phrase are speech
FRAGMENT_FRAMES = 8  # lone bursts shorter than 80 ms, 150 ms from other speech (clicks, lips), are not judged
LONE_FRAMES = 15
AMBIGUOUS_DB = 6.0  # border frames this close below the threshold are not judged
WORD_GAP_S = 0.15  # shorter gaps between words are speech
WORD_MARGIN_FRAMES = 5  # a pause between timed words is trusted from 50 ms beside them
PAUSE_UNDER_LOUD_DB = 12.0  # and only where it is this much softer than the voice: else a word was not written down
AUDIBLE_OVER_FLOOR_DB = 3.0  # inside a word a frame counts as speech from this much over the clip's floor
SPEECH_MASKED_DB = -20.0  # speech this far below the background, frame by frame, is not judged


def frame_power(samples: np.ndarray) -> np.ndarray:
    """Mean square of each 10 ms frame (the last one zero-padded)."""
    frames = -(-len(samples) // HOP_SAMPLES)
    padded = np.zeros(frames * HOP_SAMPLES, np.float32)
    padded[: len(samples)] = samples
    return np.einsum("ij,ij->i", padded.reshape(frames, -1), padded.reshape(frames, -1)) / HOP_SAMPLES


def to_db(power: np.ndarray) -> np.ndarray:
    """Power to dB with a floor of -120."""
    return 10.0 * np.log10(np.maximum(power, 1e-12))


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """[start, end) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


@dataclass
class SpeechLabel:
    """Labels of one clean speech clip and what they were judged from."""

    frames: np.ndarray
    loud_db: float
    floor_db: float
    level_db: np.ndarray

    @property
    def range_db(self) -> float:
        """Loud level over floor: a rough signal-to-noise ratio of the clip."""
        return self.loud_db - self.floor_db


def label_speech(samples: np.ndarray) -> SpeechLabel:
    """0 / 1 / DONT_CARE per frame of a clean speech clip."""
    emphasised = samples.copy()
    emphasised[1:] -= PRE_EMPHASIS * samples[:-1]
    level_db = to_db(frame_power(emphasised))
    loud_db = float(np.percentile(level_db, 95))
    floor_db = max(float(np.percentile(level_db, 5)), loud_db - 70.0)
    over_floor_db = min(SPEECH_OVER_FLOOR_DB, 0.4 * (loud_db - floor_db))
    threshold_db = max(loud_db - SPEECH_RANGE_DB, floor_db + over_floor_db)
    above = level_db > threshold_db
    seeds = level_db > threshold_db + min(SEED_OVER_DB, 0.4 * (loud_db - threshold_db))
    active = binary_propagation(seeds, mask=above)
    padded = np.pad(active, BRIDGE_FRAMES)
    bridged = binary_closing(padded, np.ones(BRIDGE_FRAMES + 1, bool))[BRIDGE_FRAMES:-BRIDGE_FRAMES] | active
    frames = bridged.astype(np.uint8)
    close = (level_db > threshold_db - AMBIGUOUS_DB) & ~bridged
    near = maximum_filter1d(frames, 7) > 0
    frames[close & near] = DONT_CARE
    frames[above & ~bridged] = DONT_CARE
    return SpeechLabel(unsure_fragments(frames), loud_db, floor_db, level_db)


def spoken_frames(words: list[tuple[float, float]], frames: int) -> np.ndarray:
    """True inside words (start, end in seconds, sorted) and in gaps shorter than `WORD_GAP_S` between them."""
    spoken = np.zeros(frames, bool)
    for n, (start, end) in enumerate(words):
        if n + 1 < len(words) and words[n + 1][0] - end < WORD_GAP_S:
            end = max(end, words[n + 1][0])
        spoken[round(start * 100) : round(end * 100)] = True
    return spoken


def label_words(samples: np.ndarray, words: list[tuple[float, float]]) -> SpeechLabel:
    """Like `label_speech`, for a clip whose words are timed.

    Between words breath, reverberation and room go on above the energy threshold. They are no speech, and a detector
    that is never told so closes no pause.
    """
    judged = label_speech(samples)
    spoken = spoken_frames(words, len(judged.frames))
    audible = judged.level_db > judged.floor_db + AUDIBLE_OVER_FLOOR_DB
    near = maximum_filter1d(spoken.astype(np.uint8), 2 * WORD_MARGIN_FRAMES + 1) > 0
    pause = ~near & (judged.level_db < judged.loud_db - PAUSE_UNDER_LOUD_DB)
    frames = np.where(
        spoken,
        np.where(audible | (judged.frames == 1), 1, DONT_CARE),
        np.where(pause | (judged.frames == 0), 0, DONT_CARE),
    ).astype(np.uint8)
    return SpeechLabel(frames, judged.loud_db, judged.floor_db, judged.level_db)


def unsure_fragments(frames: np.ndarray) -> np.ndarray:
    """Sets short lone bursts of speech labels to DONT_CARE (in place)."""
    bursts = runs(frames == 1)
    for n, (start, end) in enumerate(bursts):
        before = start - (bursts[n - 1][1] if n else -LONE_FRAMES)
        after = (bursts[n + 1][0] if n + 1 < len(bursts) else len(frames) + LONE_FRAMES) - end
        if end - start < FRAGMENT_FRAMES and before >= LONE_FRAMES and after >= LONE_FRAMES:
            frames[start:end] = DONT_CARE
    return frames


def mask_buried_speech(speech: np.ndarray, speech_power: np.ndarray, rest_power: np.ndarray) -> np.ndarray:
    """Speech frames far below the background are not judged."""
    local_db = to_db(uniform_filter1d(speech_power, 9)) - to_db(uniform_filter1d(rest_power, 9))
    return np.where((speech == 1) & (local_db < SPEECH_MASKED_DB), DONT_CARE, speech).astype(np.uint8)


def label_background(
    own_power: np.ndarray,
    rest_power: np.ndarray,
    *,
    range_db: float,
    audible_db: float,
    gone_db: float,
    smooth_frames: int,
) -> np.ndarray:
    """0 / 1 / DONT_CARE for music or noise.

    Active within `range_db` of its own loud level; audible while not more than `audible_db` below the rest;
    gone from `gone_db` below; not judged in between.
    """
    if own_power.max(initial=0.0) <= 1e-12:
        return np.zeros(len(own_power), np.uint8)
    own_db = to_db(uniform_filter1d(own_power, smooth_frames))
    loud_db = np.percentile(own_db[own_db > own_db.max() - 40.0], 80)
    rest_db = to_db(uniform_filter1d(rest_power, smooth_frames))
    under_rest_db = rest_db - own_db
    labels = np.full(len(own_db), DONT_CARE, np.uint8)
    labels[(own_db > loud_db - range_db) & (under_rest_db < audible_db)] = 1
    labels[(own_db < loud_db - range_db - 15.0) | (under_rest_db > gone_db)] = 0
    exact = to_db(own_power)
    labels[exact <= -119.0] = np.where(labels[exact <= -119.0] == 1, DONT_CARE, labels[exact <= -119.0])
    silent = uniform_filter1d((exact <= -119.0).astype(np.float32), smooth_frames) > 0.999
    labels[silent] = 0
    return labels
