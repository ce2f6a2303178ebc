"""Other voices, rooms, levels and noise, made on log-mel features: a thousand times cheaper than on samples.

A mixture's mel powers are the sum of those of its parts (their cross terms are left out), a room is an exponential
tail in each band, another vocal tract shifts the bands, another tempo stretches the frames.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from ..features import BANDS, PAD_DB

TELEPHONE_BANDS = 47
"""Bands below 3.4 kHz."""


def stretch(frames: np.ndarray, labels: np.ndarray, factor: float) -> tuple[np.ndarray, np.ndarray]:
    """`factor` times as long, by linear interpolation; labels by the nearest."""
    count = max(4, round(len(frames) * factor))
    at = np.linspace(0, len(frames) - 1, count)
    low = np.minimum(at.astype(int), len(frames) - 2) if len(frames) > 1 else np.zeros(count, int)
    part = (at - low)[:, None].astype(np.float32)
    if len(frames) > 1:
        frames = frames[low] * (1 - part) + frames[low + 1] * part
    return frames, labels[np.minimum(np.round(at).astype(int), len(labels) - 1)]


def warp(frames: np.ndarray, factor: float) -> np.ndarray:
    """A vocal tract that is shorter (factor above 1) or longer: bands read from elsewhere on the scale."""
    at = np.clip(np.arange(BANDS) / factor, 0, BANDS - 1.001)
    low = at.astype(int)
    part = (at - low).astype(np.float32)
    return frames[:, low] * (1 - part) + frames[:, low + 1] * part


def room(power: np.ndarray, seconds: float, wet: float) -> np.ndarray:
    """Adds a tail that falls by 60 dB in `seconds` (10 ms frames), with `wet` times the direct power in all."""
    keep = 10 ** (-0.06 / seconds)
    return power + lfilter([0, keep], [1, -keep], power, axis=0).astype(power.dtype) * (wet * (1 - keep) / keep)


def colour(rng: np.random.Generator) -> np.ndarray:
    """A smooth gain per band in dB: microphones, equalisers and, now and then, a telephone."""
    knots = rng.normal(0, 3.0, 6)
    gain = np.interp(np.arange(BANDS), np.linspace(0, BANDS - 1, 6), knots)
    if rng.random() < 0.12:
        gain[TELEPHONE_BANDS:] -= 60
        gain[:8] -= rng.uniform(0, 25)
    return gain.astype(np.float32)


def mix(voice: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    """Log-mel of voice and noise together at this ratio of their mean powers (the voice's over its loud frames)."""
    voice_power, noise_power = 10 ** (voice / 10), 10 ** (noise / 10)
    energy = voice_power.sum(1)
    loud = energy[energy > energy.max() * 1e-3].mean()
    gain = loud / (max(noise_power.sum(1).mean(), 1e-10) * 10 ** (snr_db / 10))
    return 10 * np.log10(np.maximum(voice_power + noise_power * gain, 10 ** (PAD_DB / 10))).astype(np.float32)
