"""Default thresholds, and why: chosen by frame F1, few segment starts and little false speech on music.

Plain NumPy on scores and labels; where they come from is the business of `calibrate`.
"""

from __future__ import annotations

import numpy as np

from . import DONT_CARE, LABELS, SPEECH
from .labels import runs
from .metrics import f1

OPEN_GRID = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
CLOSE_GRID = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
SURE_GRID = (0.95, 0.93, 0.9, 0.87, 0.85, 0.8, 0.75, 0.7, 0.65)
LOST_TO_SURE = 0.01
"""Share of the speech found that may be lost to the demand that a stretch is sure once."""
SURE_WITHIN_FRAMES, SURE_NEAR_FRAMES, GAP_FRAMES = 200, 50, 20
"""As in the core's timeline: a stretch may wait this long, what begins so soon after it belongs to it, shorter gaps in
it are filled."""
F1_TOLERANCE = 0.002
FALSE_SPEECH_ON_MUSIC = 0.05
"""Share of frames of clean music without speech that may be called speech at the default thresholds."""


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


def hysteresis(scores: np.ndarray, open_at: float, close_at: float) -> np.ndarray:
    """Opens at `open_at`, stays until below `close_at`, which is not above it; scores [scenes, frames]."""
    opens, closes = scores >= open_at, ~(scores >= close_at)
    last = np.maximum.accumulate(np.where(opens | closes, np.arange(scores.shape[1]), -1), 1)
    return np.take_along_axis(opens, np.maximum(last, 0), 1) & (last >= 0)


def share_over(scores: list[np.ndarray], open_at: float, close_at: float) -> float:
    """Share of all frames that hysteresis decides yes."""
    decided = [hysteresis(s[None], open_at, close_at)[0] for s in scores]
    return float(np.concatenate(decided).mean())


def confirmed(scores: np.ndarray, decided: np.ndarray, sure: float) -> np.ndarray:
    """Decisions of one scene without what does not reach `sure` in its stretch or within `SURE_WITHIN_FRAMES`, and
    does not
    follow what does within `SURE_NEAR_FRAMES`."""
    stretches: list[list[int]] = []
    for start, end in runs(decided):
        if stretches and start - stretches[-1][1] < GAP_FRAMES:
            stretches[-1][1] = end
        else:
            stretches.append([start, end])
    out, kept_to = decided.copy(), -SURE_NEAR_FRAMES - 1
    for start, end in stretches:
        at = np.flatnonzero(scores[start:end] >= sure)
        follows = start - kept_to <= SURE_NEAR_FRAMES
        if not follows:
            out[start : max(start, start + at[0] - SURE_WITHIN_FRAMES) if len(at) else end] = False
        if follows or len(at):
            kept_to = end
    return out


def choose_sure(
    logits: np.ndarray, labels: np.ndarray, thresholds: dict, undisturbed: list[np.ndarray]
) -> tuple[float, dict]:
    """The highest demand of the grid that costs at most `LOST_TO_SURE` of the speech found, and what it does to the
    false speech in `undisturbed` (speech scores of recordings of music and noise). 0 where every one costs more."""
    scores, truth = 1.0 / (1.0 + np.exp(-logits[..., SPEECH])), labels[..., SPEECH] == 1
    decided = hysteresis(scores, thresholds["open"], thresholds["close"])
    false = [(s, hysteresis(s[None], thresholds["open"], thresholds["close"])[0]) for s in undisturbed]
    if not (decided & truth).any():
        return 0.0, {"sure": 0.0}
    share = lambda sure: float(np.concatenate([confirmed(s, d, sure) for s, d in false]).mean())
    for sure in SURE_GRID:
        left = np.stack([confirmed(s, d, sure) for s, d in zip(scores, decided, strict=True)])
        lost = float((decided & ~left & truth).sum() / (decided & truth).sum())
        if lost <= LOST_TO_SURE:
            return sure, {
                "sure": sure,
                "lost_speech": lost,
                "false_speech_without": share(0.0),
                "false_speech_with": share(sure),
            }
    return 0.0, {"sure": 0.0}


def choose_thresholds(logits: np.ndarray, labels: np.ndarray, on_music: list[np.ndarray]) -> tuple[dict, str]:
    """Best frame F1 over a grid; within `F1_TOLERANCE` of it, the pair with the fewest segment starts.

    For speech only pairs count that call at most `FALSE_SPEECH_ON_MUSIC` of `on_music` (speech scores of recordings
    without speech) speech:
    a tagger that hears talk in instruments is of no use to an archive of music. If no pair does, all count.
    """
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
                    false = share_over(on_music, open_at, close_at) if name == "speech" and on_music else 0.0
                    table.append((f1(decided[judged], truth[judged]), starts, open_at, close_at, false))
        free = max(row[0] for row in table)
        table = [row for row in table if row[4] <= FALSE_SPEECH_ON_MUSIC] or table
        best_f1 = max(row[0] for row in table)
        score, starts, open_at, close_at, false = min(
            (r for r in table if r[0] >= best_f1 - F1_TOLERANCE), key=lambda r: r[1]
        )
        true_starts = int((truth[:, 1:] & ~truth[:, :-1]).sum())
        chosen[name] = {"open": open_at, "close": close_at}
        notes.append(
            f"{name}: open {open_at}, close {close_at}: frame F1 {score:.4f} on the calibration scenes (best of "
            f"the grid "
            f"{best_f1:.4f}; all within {F1_TOLERANCE} of it count as equal), {starts} segment starts where the "
            f"labels have "
            f"{true_starts}, the fewest among the equal ones"
            + (
                f"; {false:.1%} of clean valid music called speech, at most {FALSE_SPEECH_ON_MUSIC:.0%} were "
                f"wanted, which costs "
                f"{free - best_f1:.4f} of F1"
                if name == "speech"
                else ""
            )
        )
    return chosen, "; ".join(notes)
