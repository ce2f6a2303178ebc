"""Noises that come and go as syllables do and are none: insects, birds, ticks, bangs, tools. Made by rule, about rms 1.

A gauge that only ever hears them held out takes whatever rises from a deep floor several times a second for the voice.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
from scipy.ndimage import gaussian_filter1d

from .. import RATE_HZ
from ..noises import _log_uniform, _unit, coloured_noise

ENVELOPE_HZ = 1000


def bursts(samples: int, rng: np.random.Generator) -> np.ndarray:
    """One to three callers, each with a band, a rhythm and a pulse of its own, over next to nothing."""
    out = 0.003 * coloured_noise(samples, rng)
    for _ in range(rng.integers(1, 4)):
        out = out + _band(samples, rng) * _rhythm(samples, rng) * 10 ** (rng.uniform(-12, 0) / 20)
    return _unit(out)


def _band(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Noise of one band, from nearly a tone to two octaves wide."""
    length = scipy.fft.next_fast_len(samples, real=True)
    octaves = np.log2(np.maximum(np.arange(length // 2 + 1) * (RATE_HZ / length), 1.0))
    centre, width = rng.uniform(np.log2(150), np.log2(7600)), _log_uniform(rng, 0.01, 1.0)
    gain = np.exp(-0.5 * ((octaves - centre) / width) ** 2)
    if rng.random() < 0.3:  # an overtone
        gain += rng.uniform(0.1, 0.6) * np.exp(-0.5 * ((octaves - centre - 1) / width) ** 2)
    band = scipy.fft.irfft(gain * np.exp(2j * np.pi * rng.random(len(gain))), length)[:samples]
    return band / np.sqrt(np.mean(np.square(band)) + 1e-12)


def _rhythm(samples: int, rng: np.random.Generator) -> np.ndarray:
    """An envelope of bursts, in many of them quick pulses, with pauses between them; 0 to 1."""
    length = samples * ENVELOPE_HZ // RATE_HZ + 1
    envelope = np.zeros(length)
    burst_s, gap_s = _log_uniform(rng, 0.015, 1.2), _log_uniform(rng, 0.04, 2.5)
    loose, pulse_hz = rng.uniform(0.0, 0.7), _log_uniform(rng, 8, 70) if rng.random() < 0.6 else 0.0
    decay, at = rng.uniform(0, 5), rng.uniform(0, gap_s)
    while at * ENVELOPE_HZ < length:
        own_s = burst_s * np.exp(0.5 * loose * rng.standard_normal())
        begin = int(at * ENVELOPE_HZ)
        x = np.arange(min(max(int(own_s * ENVELOPE_HZ), 5), length - begin)) / ENVELOPE_HZ
        pulses = (0.5 + 0.5 * np.cos(2 * np.pi * pulse_hz * x)) ** 2
        envelope[begin : begin + len(x)] = pulses * np.exp(-decay * x / own_s) * rng.uniform(0.5, 1)
        at += own_s + gap_s * np.exp(loose * rng.standard_normal())
    smooth = gaussian_filter1d(envelope, _log_uniform(rng, 0.5, 15))
    return np.interp(np.arange(samples) * (ENVELOPE_HZ / RATE_HZ), np.arange(length), smooth)
