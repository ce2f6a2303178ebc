"""The network: statistics of the log-mel over an instant, a second and three, relative to the loudest moment of the
last ten seconds; a dense layer, a GRU, a head. All state is explicit, nothing looks ahead.

Everything is relative to that loudest moment, so the gain of a recording cannot matter (but for the clamp that keeps
near-silence from being amplified).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from ..features import BANDS, PAD_DB
from . import KINDS, STEP_FRAMES

FULL_SCALE_DB = 44.0
"""Sum of the mel powers of sound at 0 dBFS rms, in dB."""
QUIETEST_DBFS = -80.0
"""The reference does not fall below this: what stays under it is near-silence, however long it lasts."""
LOWEST_DB, CENTRE_DB, SCALE_DB = -90.0, -45.0, 20.0
LEVEL_SPAN_DB = 120.0
"""Level outputs are (dBFS + 120) / 120, so that they lie in 0..1 as all outputs do."""
SILENT_STORED_DB = 0.5
"""Steps under -119.5 dBFS are digital silence (and so is what was before the beginning): no gain in use lifts or lowers a floor across that."""
LOWEST_LEVEL_DB = -60.0
"""Whole levels end here under the reference: digital silence must not tell how loud the rest is."""
PER_DB = math.log(10.0) / 10.0
LEAST_POWER, MOST_LOG_ODDS = 1e-12, 25.0
"""Keeps logarithms finite: -120 dBFS."""


@dataclass(frozen=True)
class Shape:
    """Everything that fixes the graph."""

    bands: int = 32
    short_steps: int = 10
    long_steps: int = 30
    reference_steps: int = 100
    dense: int = 64
    hidden: int = 64

    def to_dict(self) -> dict:
        """For JSON."""
        return asdict(self)

    @property
    def statistics(self) -> int:
        """Inputs of the dense layer."""
        return 7 * self.bands + 4


class Gauge(nn.Module):
    """features [batch, T, 64] and states -> [batch, T / 10, 8] and new states: logits of noise and its kinds, then the
    levels of speech and noise of that tenth of a second in dBFS.

    The levels are not guessed: the network says which share of each band's power is speech, and the measured power is split
    so."""

    def __init__(self, shape: Shape = Shape()):
        super().__init__()
        self.shape = shape
        self.first = nn.Linear(shape.statistics, shape.dense)
        self.gru = nn.GRU(shape.dense, shape.hidden, batch_first=True)
        self.head = nn.Linear(shape.hidden + shape.dense, len(KINDS) + 1)
        self.split = nn.Linear(shape.hidden + shape.dense, shape.bands)
        self.dropout = nn.Dropout(0.0)

    def state_shapes(self, batch: int = 1) -> list[list[int]]:
        """Shapes of the states in call order: levels of past steps, their bands (mean, lowest 50 ms), GRU."""
        s = self.shape
        past = [batch, 2 * s.bands, s.long_steps - 1]
        return [[batch, 1, s.reference_steps - 1], past, [1, batch, s.hidden]]

    def zero_states(self, batch: int = 1) -> list[Tensor]:
        """States at stream start. Levels are stored above digital silence, so that zeros are silence."""
        return [torch.zeros(s) for s in self.state_shapes(batch)]

    def statistics(self, features: Tensor, levels: Tensor, past: Tensor) -> tuple[Tensor, ...]:
        """[batch, steps, statistics], power of each band per step in dBFS [batch, steps, bands], and what is kept."""
        s = self.shape
        x = features.transpose(1, 2)  # [batch, 64, T]
        power = nn.functional.avg_pool1d(torch.exp(x * PER_DB), STEP_FRAMES)
        step_level = torch.log(power.sum(1, keepdim=True)) * (1.0 / PER_DB) - FULL_SCALE_DB
        per_band = BANDS // s.bands
        power = nn.functional.avg_pool1d(power.transpose(1, 2), per_band) * per_band
        power_dbfs = torch.log(power) * (1.0 / PER_DB) - FULL_SCALE_DB
        x = nn.functional.avg_pool1d(x.transpose(1, 2), BANDS // s.bands).transpose(1, 2)
        mean = nn.functional.avg_pool1d(x, STEP_FRAMES)
        highest = nn.functional.max_pool1d(x, STEP_FRAMES)
        lowest = -nn.functional.max_pool1d(-x, STEP_FRAMES)
        all_levels = torch.cat([levels, step_level + LEVEL_SPAN_DB], 2)
        reference = nn.functional.max_pool1d(all_levels, s.reference_steps, 1) - LEVEL_SPAN_DB
        reference = torch.clamp(reference, min=QUIETEST_DBFS)
        mean = torch.maximum(mean, reference + (LOWEST_DB + FULL_SCALE_DB))  # means over silence, too, move with the gain
        lowest_50_ms = -nn.functional.max_pool1d(-nn.functional.avg_pool1d(x, 5), STEP_FRAMES // 5)
        history = torch.cat([past, torch.cat([mean, lowest_50_ms], 1) - PAD_DB], 2)
        all_means, all_lows = history[:, : s.bands], history[:, s.bands :]
        recent, recent_lows = (h[:, :, s.long_steps - s.short_steps :] for h in (all_means, all_lows))
        short_low = -nn.functional.max_pool1d(-recent_lows, s.short_steps, 1) + PAD_DB
        # Digital silence (drop-outs, edits, before the beginning) says nothing about the floor: the longer minima skip it.
        silent = (all_levels < SILENT_STORED_DB).float() * 300.0
        silent_long = silent[:, :, s.reference_steps - s.long_steps :]
        long_low = -nn.functional.max_pool1d(-(all_lows + silent_long), s.long_steps, 1) + PAD_DB
        long_high = nn.functional.max_pool1d(all_means, s.long_steps, 1) + PAD_DB
        short_mean = nn.functional.avg_pool1d(recent, s.short_steps, 1) + PAD_DB
        short_level = nn.functional.max_pool1d(all_levels[:, :, s.reference_steps - s.short_steps :], s.short_steps, 1) - LEVEL_SPAN_DB
        low_level = -nn.functional.max_pool1d(-all_levels[:, :, s.reference_steps - s.short_steps :], s.short_steps, 1) - LEVEL_SPAN_DB
        longer_low = -nn.functional.max_pool1d(-(all_levels + silent)[:, :, s.reference_steps - s.long_steps :], s.long_steps, 1) - LEVEL_SPAN_DB
        bands = torch.cat([mean, highest, lowest, short_low, long_low, long_high, short_mean], 1) - FULL_SCALE_DB
        whole = torch.cat([step_level, short_level, low_level, longer_low], 1) - reference
        everything = torch.cat([bands - reference, torch.clamp(whole, min=LOWEST_LEVEL_DB)], 1)
        scaled = (torch.clamp(everything, min=LOWEST_DB, max=10.0) - CENTRE_DB) * (1.0 / SCALE_DB)
        return scaled.transpose(1, 2), power_dbfs, all_levels[:, :, 1 - s.reference_steps :], history[:, :, 1 - s.long_steps :]

    def forward(self, features: Tensor, levels: Tensor, past: Tensor, memory: Tensor) -> tuple[Tensor, ...]:
        """One call of any number of steps."""
        scaled, power_dbfs, levels, past = self.statistics(features, levels, past)
        out, memory = self.judge(scaled, power_dbfs, memory)
        return out, levels, past, memory

    def judge(self, scaled: Tensor, power_dbfs: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """The trained part: from statistics to answers."""
        x = self.dropout(torch.relu(self.first(scaled)))
        remembered, memory = self.gru(x, memory)
        x = torch.cat([self.dropout(remembered), x], 2)
        # Not by a sigmoid: backends approximate it, and a small share must be right in relation to itself.
        odds = torch.exp(torch.clamp(self.split(x), -MOST_LOG_ODDS, MOST_LOG_ODDS))
        rest = torch.exp(power_dbfs * PER_DB) / (1.0 + odds)
        parts = [torch.log(p.sum(2, keepdim=True) + LEAST_POWER) * (1.0 / PER_DB) for p in (rest * odds, rest)]
        return torch.cat([self.head(x), *parts], 2), memory

    def whole(self, features: Tensor) -> Tensor:
        """Answers over complete recordings [batch, frames, 64] (frames: a multiple of the step)."""
        return self.forward(features, *self.zero_states(features.shape[0]))[0]


def parameter_count(model: nn.Module) -> int:
    """All trainable values."""
    return sum(p.numel() for p in model.parameters())
