"""What is kept of an enrolled clip: the core's `phrase/template.rs`, on features.

The clip is heard as it is and under noise, and the vectors are added: what noise moves counts less in their sum. And it
is heard in other voices, as it sounds played slower and faster: few clips are few voices.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from .. import RATE_HZ
from ..features import log_mel
from . import augment, law

VOICES = (1.0, 0.85, 1.16)
"""How fast a clip is played; its own voice comes first."""
SNRS_DB = (15.0, 8.0, 3.0)
CLEAN_WEIGHT = 2.0
NOISE_S = 30
LOWEST_HZ = 20.0


@cache
def pink_noise() -> np.ndarray:
    """Log-mel features of noise with as much power in each octave."""
    count = NOISE_S * RATE_HZ
    spectrum = np.fft.rfft(np.random.default_rng(9).normal(size=count))
    spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(count, 1 / RATE_HZ), LOWEST_HZ))
    samples = np.fft.irfft(spectrum, count)
    return log_mel((0.05 * samples / samples.std()).astype(np.float32))


def templates(features: np.ndarray, hear: Callable[[np.ndarray], np.ndarray]) -> list[np.ndarray]:
    """Those of a clip [frames, 64], one for each of `VOICES`."""
    return [template(played(features, speed), hear) for speed in VOICES]


def played(features: np.ndarray, speed: float) -> np.ndarray:
    """The clip at another speed: all frequencies and the tempo change."""
    if speed == 1.0:
        return features
    frames, _ = augment.stretch(augment.warp(features, speed), np.zeros(len(features), int), 1 / speed)
    return frames.astype(np.float32)


def template(features: np.ndarray, hear: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Unit vectors [hops, dim] of what is said in a clip [frames, 64]."""
    first, last = law.spoken(features)
    total = CLEAN_WEIGHT * law.unit(hear(features))
    noise = pink_noise()
    for number, snr_db in enumerate(SNRS_DB):
        stretch = np.resize(np.roll(noise, -number * len(features), axis=0), features.shape)
        total += law.unit(hear(augment.mix(features, stretch, snr_db)))
    return law.unit(total)[first:last]
