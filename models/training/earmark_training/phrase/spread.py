"""What is done to the vectors of a finished network so that their cosines tell words apart, and not noise from quiet.

All unit vectors that a network gives lie in a cone: any two have much in common, and what they have in common says
nothing. Their mean is taken out, and directions are scaled down by how much they vary in all speech, and more so by how
much noise, rooms and microphones move them (within-class covariance normalisation: Hatch, Kajarekar and Stolcke,
Interspeech 2006; the class is a hop of speech, its members the same hop with and without noise).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from .law import unit

if TYPE_CHECKING:
    from .bank import Windows
    from .network import Phrase

BATCHES, BATCH = 60, 24
AUDIBLE_DB = -45.0
"""Hops further below the loudest of their window have no part in it."""
NOISE_WEIGHT = 2.0
POWER = 0.7
"""0 would leave directions as they are, 1 make them vary alike."""
FLOOR = 0.003
"""Of the largest variance: a direction is not blown up by what lies below."""


@torch.no_grad()
def fit(network: Phrase, windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    """The mean [dim] to be taken out of unit vectors and the matrix [dim, dim] that they are multiplied by."""
    noisy, clean, audible = [], [], []
    for _ in range(BATCHES):
        features, dry, _ = windows.batch(BATCH)
        noisy.append(network.whole(torch.from_numpy(features)).numpy())
        clean.append(network.whole(torch.from_numpy(dry)).numpy())
        level = dry.reshape(len(dry), -1, network.shape.hop_frames, dry.shape[2]).max((2, 3))
        audible.append(level > level.max(1, keepdims=True) + AUDIBLE_DB)
    chosen = np.concatenate(audible).ravel()
    heard, meant = (unit(np.concatenate(part).reshape(len(chosen), -1)[chosen]) for part in (noisy, clean))
    mean = (heard.mean(0) + meant.mean(0)) / 2
    return mean, inverse_power(np.cov(heard.T) + NOISE_WEIGHT * np.cov((heard - meant).T))


def inverse_power(covariance: np.ndarray) -> np.ndarray:
    """The symmetric matrix that scales each axis of a covariance by its variance to the power -POWER / 2."""
    variances, axes = np.linalg.eigh(covariance)
    return (axes * np.maximum(variances, FLOOR * variances.max()) ** (-POWER / 2)) @ axes.T
