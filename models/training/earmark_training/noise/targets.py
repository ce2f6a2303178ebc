"""What the network should say, step by step, from the true powers of speech, floor and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..labels import to_db
from . import CLEAN_ABOVE_DB, KINDS, NOISY_BELOW_DB, STEP_FRAMES

LEVEL_FLOOR_DBFS = -110.0
SMOOTH_STEPS = 10
KIND_AUDIBLE_DB = 25.0


@dataclass
class Target:
    """What the network should say per step; `weight` is 0 where nobody could know."""

    noise: np.ndarray
    weight: np.ndarray
    speech_dbfs: np.ndarray
    noise_dbfs: np.ndarray
    kind_weight: np.ndarray


def targets(power: np.ndarray, kind: str | None) -> Target:
    """Targets of one scene from the powers [frames, 3] of speech, floor and noise."""
    steps = len(power) // STEP_FRAMES
    by_step = power[: steps * STEP_FRAMES].reshape(steps, STEP_FRAMES, 3).mean(1)
    speech_mean = float(by_step[:, 0].mean())
    over_db = to_db(np.float64(speech_mean)) - to_db(_causal_mean(by_step[:, 1] + by_step[:, 2], 2 * SMOOTH_STEPS))
    noise = np.clip((CLEAN_ABOVE_DB - over_db) / (CLEAN_ABOVE_DB - NOISY_BELOW_DB), 0.0, 1.0)
    heard = np.cumsum(by_step[:, 0]) > 0.3 * SMOOTH_STEPS * speech_mean
    weight = np.where(heard, 1.0, 0.2) if speech_mean > 0 else np.ones(steps)
    kind_weight = (over_db < KIND_AUDIBLE_DB).astype(float) if kind in KINDS else np.zeros(steps)
    speech_dbfs, noise_dbfs = (
        np.maximum(to_db(p), LEVEL_FLOOR_DBFS) for p in (by_step[:, 0], by_step[:, 1] + by_step[:, 2])
    )
    return Target(noise, weight, speech_dbfs, noise_dbfs, kind_weight)


def _causal_mean(values: np.ndarray, steps: int = SMOOTH_STEPS) -> np.ndarray:
    """Mean over the last `steps` values (fewer at the beginning)."""
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    last = np.arange(1, len(values) + 1)
    first = np.maximum(last - steps, 0)
    return np.maximum((total[last] - total[first]) / (last - first), 0.0)
