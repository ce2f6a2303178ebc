"""Frame metrics, each on judged frames only (label 0 or 1)."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata


def roc_auc(scores: np.ndarray, truth: np.ndarray) -> float:
    """Area under the ROC curve (ties count half); NaN with one class only."""
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def f1(decided: np.ndarray, truth: np.ndarray) -> float:
    """F1 of decisions; 0 where nothing is right."""
    hit = int((decided & truth).sum())
    return float(2 * hit / max(int(decided.sum()) + int(truth.sum()), 1))


def roc_curve(scores: np.ndarray, truth: np.ndarray, points: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """False-alarm rate, hit rate and thresholds at quantiles of the scores."""
    thresholds = np.unique(np.concatenate([np.linspace(0, 1, points), np.quantile(scores, np.linspace(0, 1, points))]))
    positive, negative = np.sort(scores[truth]), np.sort(scores[~truth])
    hit = 1 - np.searchsorted(positive, thresholds) / max(len(positive), 1)
    false = 1 - np.searchsorted(negative, thresholds) / max(len(negative), 1)
    return false, hit, thresholds


def describe(scores: np.ndarray, truth: np.ndarray, threshold: float = 0.5) -> dict:
    """AUC, F1, accuracy, base rate and what answering always yes or always no would get."""
    decided = scores >= threshold
    base = float(truth.mean()) if len(truth) else float("nan")
    return {
        "frames": len(truth),
        "base_rate": base,
        "roc_auc": roc_auc(scores, truth),
        "f1": f1(decided, truth),
        "accuracy": float((decided == truth).mean()) if len(truth) else float("nan"),
        "hit_rate": float(decided[truth].mean()) if truth.any() else float("nan"),
        "false_alarm_rate": float(decided[~truth].mean()) if (~truth).any() else float("nan"),
        "all_one": {"accuracy": base, "f1": 2 * base / (1 + base)},
        "all_zero": {"accuracy": 1 - base, "f1": 0.0},
    }
