"""The figures of one side: pairs of stretches, the peer on the same pairs, and the defaults of `verify`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..corpus import Cache
from ..features import log_mel
from .cohort import OWNER, logits, normalised
from .enrolments import Tried, tried
from .measure import equal_error_rate, interval
from .printer import Printer
from .roster import Voice
from .trials import KINDS, Stretch, noises_for, pairs_of, recordings, stretches

NOISE_DB = 10.0
LEAST_SAME, LEAST_OTHER = 10, 20
"""Pairs that a group needs to be reported."""


def of_side(
    printer: Printer,
    cache: Cache,
    voices: list[Voice],
    side: str,
    cohort: np.ndarray,
    calibration: dict,
    peer: Callable[[list[np.ndarray]], np.ndarray],
) -> dict:
    """All figures of one side; `peer` embeds the samples of stretches with another encoder."""
    found = stretches(cache, voices, side)
    noises = noises_for(cache, side, found)
    rows, grouped = [], {}
    for name, snr_db in (("quiet", None), (f"{NOISE_DB:.0f} dB", NOISE_DB)):
        heard = recordings(cache, found, noises, snr_db)
        own, other = np.stack([printer.embedding(log_mel(x)) for x in heard]), peer(heard)
        scores = {"eer": normalised(own, own, cohort), "cosine": own @ own.T, "peer": other @ other.T}
        rows += [_row(found, scores, kind, name) for kind in (*KINDS, "all")]
        if snr_db is None:
            for group, value in (("source", lambda s: s.source), ("language", lambda s: s.language), ("age", _age)):
                grouped[group] = _groups(found, scores, value)
    trials = tried(printer, cache, voices, side, cohort)
    return {
        "speakers": len({s.speaker for s in found}),
        "stretches": len(found),
        "pairs": rows,
        "pairs_by": grouped,
        "defaults": defaults(trials, calibration),
    }


def _age(stretch: Stretch) -> str:
    return "child" if stretch.child else "adult" if stretch.age else "not stated"


def _select(found: list[Stretch], kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    parts = [pairs_of(found, k) for k in (KINDS if kind == "all" else (kind,))]
    return tuple(np.concatenate([getattr(p, name) for p in parts]) for name in ("first", "second", "same"))


def _row(found: list[Stretch], scores: dict[str, np.ndarray], kind: str, noise: str) -> dict:
    first, second, same = _select(found, kind)
    speakers = {name: k for k, name in enumerate(sorted({s.speaker for s in found}))}
    number = np.array([speakers[s.speaker] for s in found])
    row = {"kind": kind, "noise": noise, "same": int(same.sum()), "other": int((~same).sum()),
           "speakers": len(np.unique(number[np.concatenate([first, second])]))}  # fmt: skip
    for name, matrix in scores.items():
        said = matrix[first, second]
        row[name] = equal_error_rate(said, same)
        row[f"{name}_interval"] = interval(said, same, number[first], number[second])
    return row


def _groups(found: list[Stretch], scores: dict[str, np.ndarray], value: Callable[[Stretch], str]) -> list[dict]:
    """Equal error rates among stretches of one group, for every kind in which it has enough pairs."""
    names, rows = np.array([value(s) for s in found]), []
    for kind in KINDS:
        first, second, same = _select(found, kind)
        for name in sorted(set(names)):
            inside = (names[first] == name) & (names[second] == name)
            if same[inside].sum() < LEAST_SAME or (~same[inside]).sum() < LEAST_OTHER:
                continue
            row = {"group": str(name), "kind": kind, "same": int(same[inside].sum()),
                   "other": int((~same[inside]).sum())}  # fmt: skip
            for score, matrix in scores.items():
                row[score] = equal_error_rate(matrix[first, second][inside], same[inside])
            rows.append(row)
    return rows


def defaults(trials: dict[str, Tried], calibration: dict) -> dict[str, list[dict]]:
    """Owners accepted and impostors let in at the default, by kind of trial, and by group over all of them."""
    limit = np.log(OWNER / (1 - OWNER))
    curve = lambda t: calibration["same_words"] if t.same_words else calibration
    said = {name: logits(t.score, t.duration_s, curve(t)) > limit for name, t in trials.items()}
    fields = ("same", "source", "language", "child")
    whole = {f: np.concatenate([getattr(t, f) for t in trials.values()]) for f in fields}
    passed = np.concatenate(list(said.values()))
    groups = {
        "trial": [_rates(name, said[name], t.same) for name, t in trials.items()],
        "all": [_rates("all", passed, whole["same"])],
    }
    for field in ("source", "language", "child"):
        groups[field] = [
            _rates(str(v), passed[whole[field] == v], whole["same"][whole[field] == v]) for v in np.unique(whole[field])
        ]
    return groups


def _rates(name: str, accepted: np.ndarray, same: np.ndarray) -> dict:
    share = lambda chosen: float(accepted[chosen].mean()) if chosen.any() else None
    return {
        "name": name,
        "owners": int(same.sum()),
        "accepted": share(same),
        "impostors": int((~same).sum()),
        "let_in": share(~same),
    }
