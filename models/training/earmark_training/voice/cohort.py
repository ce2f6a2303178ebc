"""Impostors that ship as numbers, and how a likeness becomes a probability: what `pack.json` calls cohort and
calibration.

The cohort is embeddings of training speakers, none of their sound. A raw cosine is compared with the cosines that
enrolment and stretch have to the most alike of them (adaptive symmetric normalisation); a logistic curve whose slope
and offset go with the logarithm of the effective duration makes a probability of it, fitted on the valid side.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import HOP_FRAMES
from .bank import PLAIN, Bank

if TYPE_CHECKING:
    from .printer import Printer

TOP = 100
LEAST_DEVIATION = 0.01
DURATION_S = (0.4, 4.0)
PIECE_FRAMES = 300
PIECES = 4
LEAST_FRAMES = 50
UNNAMED = 160
OWNER = 0.85
"""Where `verify` says that it is the owner."""
FALSE_ACCEPTS = 0.035
"""Of impostors on the valid side at `OWNER`, whatever they say: where the offset is put."""
PASSWORD_FALSE_ACCEPTS = 0.01
"""The same where they say the word that was enrolled. Stricter: a lock is for who knows the word, and on sources that
the valid side does not have three times as many passed."""
RIDGE = 1e-3


@dataclass(frozen=True)
class Heard:
    """A stretch as the pack hears it."""

    embedding: np.ndarray
    duration_s: float


def judge(rows: np.ndarray) -> Heard:
    """Embedding and effective duration of a stretch from its rows: the participation ratio of their norms."""
    norms = np.linalg.norm(rows, axis=1)
    total = rows.sum(0)
    effective = HOP_FRAMES / 100 * norms.sum() ** 2 / max(float((norms**2).sum()), 1e-12)
    return Heard(total / max(float(np.linalg.norm(total)), 1e-9), float(np.clip(effective, *DURATION_S)))


def enrolled(embeddings: np.ndarray) -> np.ndarray:
    """One vector of length 1 for several clips [clips, dim]."""
    total = embeddings.sum(0)
    return total / np.linalg.norm(total)


def gather(printer: Printer, bank: Bank) -> np.ndarray:
    """Cohort vectors [count, dim]: the mean of a few stretches of each training speaker, and clips of unnamed ones."""
    pieces: dict[str, list[np.ndarray]] = defaultdict(list)
    unnamed = 0
    for entry in bank.entries:
        if entry.version != PLAIN:
            continue
        speaker = bank.voices[entry.clip][2]
        if not speaker and (unnamed >= UNNAMED or entry.frames < PIECE_FRAMES):
            continue
        unnamed += not speaker
        own = pieces[speaker or f"clip {entry.clip}"]
        if sum(map(len, own)) < PIECES * PIECE_FRAMES:
            own.append(np.asarray(bank.rows[entry.start : entry.start + entry.frames], np.float32))
    vectors = []
    for own in pieces.values():
        joined = np.concatenate(own)[: PIECES * PIECE_FRAMES]
        parts = [joined[k : k + PIECE_FRAMES] for k in range(0, len(joined), PIECE_FRAMES)]
        long_enough = [part for part in parts if len(part) >= LEAST_FRAMES] or parts[:1]
        vectors.append(enrolled(np.stack([printer.embedding(part) for part in long_enough])))
    return np.stack(vectors)


def write(vectors: np.ndarray, model_sha256: str, path: Path) -> dict:
    """`cohort.bin`: one line of JSON, then of each vector a float32 scale and its int8 values. Gives what `pack.json`
    says of it."""
    scale = (np.abs(vectors).max(1) / 127.0).astype("<f4")
    values = np.round(vectors / scale[:, None]).astype(np.int8)
    head = {"format": 1, "dim": vectors.shape[1], "count": len(vectors), "model_sha256": model_sha256}
    rows = b"".join(s.tobytes() + v.tobytes() for s, v in zip(scale, values, strict=True))
    path.write_bytes(json.dumps(head).encode() + b"\n" + rows)
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def read(path: Path) -> np.ndarray:
    """The vectors of a `cohort.bin`, of length 1."""
    head, rows = path.read_bytes().split(b"\n", 1)
    about = json.loads(head)
    raw = np.frombuffer(rows, np.uint8).reshape(about["count"], 4 + about["dim"])
    values = np.ascontiguousarray(raw[:, 4:]).view(np.int8).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def of_cohort(vectors: np.ndarray, cohort: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of the cosines of each vector to the `TOP` of the cohort that are most like it."""
    cosines = np.sort(np.atleast_2d(vectors) @ cohort.T, axis=1)[:, -min(TOP, len(cohort)) :]
    return cosines.mean(1), np.maximum(cosines.std(1), LEAST_DEVIATION)


def normalised(models: np.ndarray, tests: np.ndarray, cohort: np.ndarray) -> np.ndarray:
    """Scores [models, tests] in deviations above impostors, seen from both sides."""
    raw = models @ tests.T
    (mean_m, dev_m), (mean_t, dev_t) = of_cohort(models, cohort), of_cohort(tests, cohort)
    return ((raw - mean_m[:, None]) / dev_m[:, None] + (raw - mean_t) / dev_t) / 2


def _terms(scores: np.ndarray, durations_s: np.ndarray) -> np.ndarray:
    log_d = np.log(durations_s)
    return np.stack([scores, scores * log_d, np.ones_like(scores), log_d], 1)


def logits(scores: np.ndarray, durations_s: np.ndarray, curve: dict) -> np.ndarray:
    """Log odds that it is the owner."""
    return _terms(scores, durations_s) @ np.array([*curve["scale"], *curve["offset"]])


def fit(
    scores: np.ndarray, durations_s: np.ndarray, same: np.ndarray, weights: np.ndarray, false_accepts: float
) -> dict:
    """A curve: the logistic one (Newton's method) of trials whose `weights` make owners and impostors count alike in
    every kind of trial, moved so that `false_accepts` of the impostors pass at `OWNER`."""
    terms, theta = _terms(scores, durations_s), np.zeros(4)
    weights = weights / weights.sum()
    for _ in range(50):
        p = 1 / (1 + np.exp(-terms @ theta))
        gradient = terms.T @ (weights * (p - same)) + RIDGE * theta
        hessian = (terms * (weights * p * (1 - p))[:, None]).T @ terms + RIDGE * np.eye(4)
        step = np.linalg.solve(hessian, gradient)
        theta -= step
        if np.abs(step).max() < 1e-9:
            break
    other = np.flatnonzero(~same)
    said = terms[other] @ theta
    order = np.argsort(-said)
    passed = np.cumsum(weights[other][order]) / weights[other].sum()
    limit = said[order][np.searchsorted(passed, false_accepts)]
    theta[2] += np.log(OWNER / (1 - OWNER)) - limit
    slopes = [theta[0] + theta[1] * np.log(d) for d in DURATION_S]
    if min(slopes) <= 0:
        raise ValueError(f"likeness does not speak for the owner at every duration: slopes {slopes}")
    return {
        "scale": [round(float(v), 6) for v in theta[:2]],
        "offset": [round(float(v), 6) for v in theta[2:]],
    }
