"""Makes 0.5 mean 0.5: a scale and an offset per label fitted on validation scenes and folded into the head.

Also chooses the default open and close thresholds on the same scenes and writes down why.
"""

from __future__ import annotations

import numpy as np
import torch

from . import DONT_CARE, LABELS
from .metrics import f1
from .network import Ear
from .shards import Shards

OPEN_GRID = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)
CLOSE_GRID = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
F1_TOLERANCE = 0.002


@torch.no_grad()
def logits_of(model: Ear, shards: Shards, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logits and labels [scenes, frames, 3] of some scenes."""
    model.eval()
    logits, labels = [], []
    for start in range(0, len(indices), 32):
        features, truth = shards.batch(indices[start : start + 32])
        logits.append(model.whole(torch.from_numpy(features)).numpy())
        labels.append(truth)
    return np.concatenate(logits), np.concatenate(labels)


def fit_scale_and_offset(logits: np.ndarray, truth: np.ndarray, iterations: int = 50) -> tuple[float, float]:
    """Logistic regression truth ~ scale * logit + offset: Newton with halved steps, which a far-off start needs."""
    x = np.stack([logits.astype(np.float64), np.ones(len(logits))], 1)

    def loss(beta: np.ndarray) -> float:
        z = x @ beta
        return float(np.mean(np.logaddexp(0.0, z) - truth * z))

    beta = np.array([1.0, 0.0])
    for _ in range(iterations):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ beta, -60.0, 60.0)))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 1e-6 * np.eye(2)
        step = np.linalg.solve(hessian, x.T @ (p - truth))
        share, before = 1.0, loss(beta)
        while loss(beta - share * step) > before and share > 1e-6:
            share /= 2
        beta -= share * step
        if np.abs(share * step).max() < 1e-9:
            break
    return float(beta[0]), float(beta[1])


def calibrate(model: Ear, shards: Shards, indices: np.ndarray) -> dict:
    """Fits and folds; returns scale and offset by label."""
    logits, labels = logits_of(model, shards, indices)
    fitted = {}
    with torch.no_grad():
        for k, name in enumerate(LABELS):
            judged = labels[..., k] != DONT_CARE
            scale, offset = fit_scale_and_offset(logits[..., k][judged], labels[..., k][judged] == 1)
            model.head.weight[k :: len(LABELS)] *= scale
            model.head.bias[k :: len(LABELS)] = model.head.bias[k :: len(LABELS)] * scale + offset
            fitted[name] = {"scale": scale, "offset": offset}
    return fitted


def hysteresis(scores: np.ndarray, open_at: float, close_at: float) -> np.ndarray:
    """Opens at `open_at`, stays until below `close_at`; scores [scenes, frames]."""
    state = np.zeros(len(scores), bool)
    out = np.zeros(scores.shape, bool)
    for t in range(scores.shape[1]):
        state = np.where(state, scores[:, t] >= close_at, scores[:, t] >= open_at)
        out[:, t] = state
    return out


def choose_thresholds(model: Ear, shards: Shards, indices: np.ndarray) -> tuple[dict, str]:
    """Best frame F1 over a grid; within `F1_TOLERANCE` of it, the pair with the fewest segment starts."""
    logits, labels = logits_of(model, shards, indices)
    chosen, notes = {}, []
    for k, name in enumerate(LABELS):
        scores = 1.0 / (1.0 + np.exp(-logits[..., k]))
        truth, judged = labels[..., k] == 1, labels[..., k] != DONT_CARE
        table = []
        for open_at in OPEN_GRID:
            for close_at in CLOSE_GRID:
                if close_at <= open_at:
                    decided = hysteresis(scores, open_at, close_at)
                    starts = int((decided[:, 1:] & ~decided[:, :-1]).sum())
                    table.append((f1(decided[judged], truth[judged]), starts, open_at, close_at))
        best_f1 = max(row[0] for row in table)
        score, starts, open_at, close_at = min((r for r in table if r[0] >= best_f1 - F1_TOLERANCE), key=lambda r: r[1])
        true_starts = int((truth[:, 1:] & ~truth[:, :-1]).sum())
        chosen[name] = {"open": open_at, "close": close_at}
        notes.append(
            f"{name}: open {open_at}, close {close_at}: frame F1 {score:.4f} on the calibration scenes (best of the grid "
            f"{best_f1:.4f}; all within {F1_TOLERANCE} of it count as equal), {starts} segment starts where the labels have "
            f"{true_starts}, the fewest among the equal ones")
    return chosen, "; ".join(notes)
