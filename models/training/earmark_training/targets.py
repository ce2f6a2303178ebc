"""What a network is asked to say of a frame, as one byte: 0 no, `YES` yes, between them how probable, `DONT_CARE` not
judged.

Labels that rules make are 0, 1 and `DONT_CARE`; teachers say probabilities. Both are stored alike. Works on NumPy
arrays
and on tensors.
"""

from __future__ import annotations

import numpy as np

from . import DONT_CARE

YES = 200
HALF = YES // 2
SURE = YES * 3 // 4
"""From here on a target of one scene stands, whatever another one under it leaves open."""


def encoded(probability: np.ndarray) -> np.ndarray:
    """uint8 of probabilities; NaN is not judged."""
    judged = ~np.isnan(probability)
    out = np.full(probability.shape, DONT_CARE, np.uint8)
    out[judged] = np.round(np.clip(probability[judged], 0.0, 1.0) * YES).astype(np.uint8)
    return out


def of_labels(labels: np.ndarray) -> np.ndarray:
    """Probabilities of labels 0, 1, `DONT_CARE`: 0.0, 1.0, NaN."""
    return np.where(labels == DONT_CARE, np.nan, labels.astype(np.float32)).astype(np.float32)


def labels_of(stored: np.ndarray) -> np.ndarray:
    """0, 1, `DONT_CARE` of stored targets: what is more probable than not counts as yes."""
    return np.where(stored == DONT_CARE, DONT_CARE, stored >= HALF).astype(np.uint8)


def present(stored):
    """Where a target says yes rather than no."""
    return (stored >= HALF) & (stored != DONT_CARE)


def absent(stored):
    """Where a target says no rather than yes."""
    return stored < HALF
