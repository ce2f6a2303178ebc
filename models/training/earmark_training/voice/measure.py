"""Error rates of pairs: equal error rate with a confidence interval over speakers, and rates at a threshold."""

from __future__ import annotations

import numpy as np

RESAMPLES = 300


def equal_error_rate(scores: np.ndarray, same: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Where as many of the same are refused as of the others let in, between two scores by a straight line."""
    weights = np.ones(len(scores)) if weights is None else weights
    order = np.argsort(scores, kind="stable")
    own, other = weights[order] * same[order], weights[order] * ~same[order]
    missed = np.concatenate([[0.0], np.cumsum(own)]) / max(own.sum(), 1e-12)
    let_in = 1.0 - np.concatenate([[0.0], np.cumsum(other)]) / max(other.sum(), 1e-12)
    at = int(np.argmax(missed >= let_in))
    before, after = missed[at - 1] - let_in[at - 1], missed[at] - let_in[at]
    part = 0.0 if after == before else -before / (after - before)
    return float(missed[at - 1] + part * (missed[at] - missed[at - 1]))


def interval(
    scores: np.ndarray, same: np.ndarray, first: np.ndarray, second: np.ndarray, seed: int = 0
) -> tuple[float, float]:
    """95 % of the equal error rates when speakers (numbers in `first`, `second`) are drawn anew with repetition."""
    rng, count = np.random.default_rng(seed), int(max(first.max(), second.max())) + 1
    present = np.unique(np.concatenate([first, second]))
    rates = []
    for _ in range(RESAMPLES):
        times = np.bincount(rng.choice(present, len(present)), minlength=count).astype(float)
        weights = np.where(same, times[first], times[first] * times[second])
        if weights[same].sum() and weights[~same].sum():
            rates.append(equal_error_rate(scores, same, weights))
    low, high = np.percentile(rates, [2.5, 97.5])
    return float(low), float(high)
