"""Settings of a training run and what follows from them alone."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, field, fields

from .corpus import CorpusError


@dataclass
class Plan:
    """Settings of one training run."""

    steps: int = 16000
    batch: int = 48
    peak_rate: float = 3e-3
    weight_decay: float = 0.1
    warm_up: float = 0.06
    average_decay: float = 0.998
    clip_norm: float = 2.0
    gain_range_db: tuple[float, float] = (-12.0, 6.0)
    equaliser_db: float = 6.0
    border_weight: float = 2.0  # speech loss within 100 ms of an onset or end
    onset_weight: float = 2.0  # and once more in the first 150 ms of speech: a gate that opens late cuts words
    gap_weight: float = 3.0  # speech loss in short silences between two words, which are few frames
    music_negative_weight: float = 1.5  # speech loss on music and noise without speech: false speech there costs more
    sung_negative_weight: float = 1.5  # speech loss where somebody sings and nobody speaks
    keep_old: float = 0.0  # share of what the pack at the start of the chain says in the targets of music and noise
    teacher: str = ""  # folder of a pack that hears more or later, whose scores are mixed into all targets
    teacher_share: float = 0.5  # of what it says in them
    masked_noise_weight: float = 2.0  # noise loss on noise behind speech
    dropout: float = 0.18  # on what the recurrent part and the head see
    mask_share: float = 0.5  # of the scenes get one run of up to `mask_bands` bands replaced by their mean
    mask_bands: int = 18
    keep_every: int = 500  # steps between averages that stay on disk, so that an earlier one can become the pack
    cuts: tuple[int, ...] = (1, 2, 4, 6)  # pieces that each scene of a batch is cut into, by turns: words begin files
    whiten: bool = True
    remix_share: float = 0.8
    shares: dict[str, float] = field(default_factory=dict)  # other shares of `remix.PAIRS`, as "speech+song" or "noise"
    start_from: str = ""  # folder of a run of the same shape, or of a pack, whose weights are the start
    seed: int = 1
    deadline: str = ""  # local HH:MM or HH:MM:SS at which the rate has to have reached zero; steps are cut to fit
    report_every: int = 500
    save_every: int = 250


UNWEIGHED = Plan(
    border_weight=1.0,
    onset_weight=1.0,
    gap_weight=1.0,
    sung_negative_weight=1.0,
    music_negative_weight=1.0,
    masked_noise_weight=1.0,
)
"""How validation counts, whatever a run weighs more."""


def learning_rate(progress: float, plan: Plan) -> float:
    """Linear warm-up, then half a cosine to 1 % of the peak; `progress` from 0 to 1."""
    if progress < plan.warm_up:
        return plan.peak_rate * (progress / plan.warm_up + 0.01)
    part = min(1.0, (progress - plan.warm_up) / (1 - plan.warm_up))
    return plan.peak_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * part)))


def plan_of(kind: type, changes: str):
    """A plan (a dataclass) with the fields that the JSON `changes`."""
    values = json.loads(changes)
    unknown = set(values) - {f.name for f in fields(kind)}
    if unknown:
        raise CorpusError(f"--plan: unknown field {', '.join(sorted(unknown))}")
    return kind(**values)


def deadline_of(clock: str) -> float | None:
    """Seconds since the epoch of a time today; None without one."""
    if not clock:
        return None
    now = time.localtime()
    hour, minute, *second = map(int, clock.split(":"))
    return time.mktime((now.tm_year, now.tm_mon, now.tm_mday, hour, minute, *(second or [0]), 0, 0, -1))
