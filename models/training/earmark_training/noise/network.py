"""The network: statistics of the log-mel over an instant, one second, three and ten, relative to the loudest moment of
the
last ten seconds; a dense layer, a GRU, a head. All state is explicit, nothing looks ahead.

The gain of a recording cannot matter: every value is relative to that loudest moment, and what is silent (digital
silence,
what was before the beginning) is left out by a mask instead of counted as some level, because silence has no gain.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from ..features import BANDS
from . import KINDS, STEP_FRAMES

FULL_SCALE_DB = 44.0
"""Sum of the mel powers of sound at 0 dBFS rms, in dB."""
QUIETEST_DBFS = -180.0
"""The reference does not fall below this; real recordings have no moment so quiet but digital silence."""
SILENT_UNDER_DB, SILENT_DBFS = 80.0, -200.0
"""A frame is silent this far under the reference, and under this level in any case: digital silence is at -206 dBFS."""
LOWEST_DB, HIGHEST_DB, CENTRE_DB, SCALE_DB = -90.0, 10.0, -45.0, 20.0
LOWEST_LEVEL_DB = -60.0
"""Whole levels end here under the reference."""
LEVEL_SPAN_DB = 120.0
"""Level outputs are (dBFS + 120) / 120, so that they lie in 0..1 as all outputs do."""
STORED_DB = 240.0
"""Levels are kept with this added (highest ones) or taken away (lowest ones), so that 0 is always that which is left
out."""
LEFT_OUT_DB = 1000.0
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
    dense: int = 96
    hidden: int = 96

    def to_dict(self) -> dict:
        """For JSON."""
        return asdict(self)

    @property
    def statistics(self) -> int:
        """Inputs of the dense layer."""
        return 8 * self.bands + 6


def _highest(values: Tensor, span: int, stride: int = 1) -> Tensor:
    return nn.functional.max_pool1d(values, span, stride)


def _lowest(values: Tensor, span: int, stride: int = 1) -> Tensor:
    return -nn.functional.max_pool1d(-values, span, stride)


class Gauge(nn.Module):
    """features [batch, T, 64] and states -> [batch, T / 10, 8] and new states: logits of noise and its kinds, then the
    levels of speech and noise of that tenth of a second in dBFS.

    The levels are not guessed: the network says which share of each band's power is speech, and the measured power is
    split
    so."""

    def __init__(self, shape: Shape = Shape()):
        super().__init__()
        self.shape = shape
        self.first = nn.Linear(shape.statistics, shape.dense)
        self.gru = nn.GRU(shape.dense, shape.hidden, batch_first=True)
        self.head = nn.Linear(shape.hidden + shape.dense, len(KINDS) + 1)
        self.split = nn.Linear(shape.hidden + shape.dense, shape.bands)
        self.dropout = nn.Dropout(0.0)
        self.stretch: tuple[float, float] = (1.0, 0.0)
        """Scale and shift of the log-odds of whole steps, see `calibrate`; not trained."""

    def state_shapes(self, batch: int = 1) -> list[list[int]]:
        """Shapes of the states in call order: levels of past steps; means and lowest 50 ms of their bands, lowest
        level,
        whether anything was heard; GRU."""
        s = self.shape
        past = s.reference_steps - 1
        return [[batch, 1, past], [batch, 2 * s.bands + 2, past], [1, batch, s.hidden]]

    def zero_states(self, batch: int = 1) -> list[Tensor]:
        """States at stream start: zeros are silence."""
        return [torch.zeros(s) for s in self.state_shapes(batch)]

    def statistics(self, features: Tensor, levels: Tensor, past: Tensor) -> tuple[Tensor, ...]:
        """[batch, steps, statistics], power of each band per step in dBFS [batch, steps, bands], and what is kept."""
        s = self.shape
        per_band = BANDS // s.bands
        x = features.transpose(1, 2)  # [batch, 64, T]
        power = torch.exp(x * PER_DB)
        frame_level = torch.log(power.sum(1, keepdim=True)) * (1.0 / PER_DB) - FULL_SCALE_DB
        power = nn.functional.avg_pool1d(power, STEP_FRAMES)
        step_level = torch.log(power.sum(1, keepdim=True)) * (1.0 / PER_DB) - FULL_SCALE_DB
        power = nn.functional.avg_pool1d(power.transpose(1, 2), per_band) * per_band
        power_dbfs = torch.log(power) * (1.0 / PER_DB) - FULL_SCALE_DB

        all_levels = torch.cat([levels, step_level + STORED_DB], 2)
        reference = torch.clamp(_highest(all_levels, s.reference_steps) - STORED_DB, min=QUIETEST_DBFS)
        of_frame = torch.cat([reference.unsqueeze(3)] * STEP_FRAMES, 3).flatten(2)
        silent = (frame_level < torch.clamp(of_frame - SILENT_UNDER_DB, min=SILENT_DBFS)).float()
        heard = 1.0 - silent
        # Cut off before anything is averaged, so that averages move with the gain; all of it relative from here on.
        x = torch.clamp(x - FULL_SCALE_DB - of_frame, min=LOWEST_DB)
        x = nn.functional.avg_pool1d(x.transpose(1, 2), per_band).transpose(1, 2)
        share = nn.functional.avg_pool1d(heard, STEP_FRAMES)
        any_heard = (share > 0.0).float()
        mean = nn.functional.avg_pool1d(x * heard, STEP_FRAMES) / torch.clamp(share, min=0.01)
        mean = mean * any_heard + LOWEST_DB * (1.0 - any_heard)
        highest = _highest(x, STEP_FRAMES, STEP_FRAMES)
        lowest = _lowest(x + LEFT_OUT_DB * silent, STEP_FRAMES, STEP_FRAMES)
        lows = nn.functional.avg_pool1d(x, 5) + LEFT_OUT_DB * _highest(silent, 5, 5)
        lows = _lowest(lows, STEP_FRAMES // 5, STEP_FRAMES // 5) + reference
        low_level = step_level + LEFT_OUT_DB * (1.0 - (share > 0.99).float())
        # What is left out is 0 and the highest of the lows, the lowest of the means.
        kept = torch.cat(
            [
                (mean + reference + STORED_DB) * any_heard,
                torch.clamp(lows - STORED_DB, max=0.0),
                torch.clamp(low_level - STORED_DB, max=0.0),
                any_heard,
            ],
            1,
        )
        history = torch.cat([past, kept], 2)
        means, lows = history[:, : s.bands], history[:, s.bands : 2 * s.bands]
        low_levels, were_heard = history[:, 2 * s.bands : 2 * s.bands + 1], history[:, 2 * s.bands + 1 :]

        def last(values: Tensor, steps: int) -> Tensor:
            return values[:, :, s.reference_steps - steps :]

        share_short, share_long = (
            nn.functional.avg_pool1d(last(were_heard, n), n, 1) for n in (s.short_steps, s.long_steps)
        )
        short_mean = nn.functional.avg_pool1d(last(means, s.short_steps), s.short_steps, 1) / torch.clamp(
            share_short, min=0.01
        )
        short_low, long_low, longest_low, low_level = (
            _lowest(last(values, n), n)
            for values, n in (
                (lows, s.short_steps),
                (lows, s.long_steps),
                (lows, s.reference_steps),
                (low_levels, s.long_steps),
            )
        )
        long_high = _highest(last(means, s.long_steps), s.long_steps)
        short_level = _highest(last(all_levels, s.short_steps), s.short_steps)
        short_lowest = _lowest(last(all_levels, s.short_steps), s.short_steps)
        bands = torch.cat(
            [
                mean,
                highest,
                self._or_lowest(lowest),
                *(self._or_lowest(low + STORED_DB - reference) for low in (short_low, long_low, longest_low)),
                long_high - STORED_DB - reference,
                short_mean - STORED_DB - reference,
            ],
            1,
        )
        whole = torch.cat([step_level, short_level - STORED_DB, short_lowest - STORED_DB], 1) - reference
        whole = torch.cat([whole, self._or_lowest(low_level + STORED_DB - reference)], 1)
        everything = torch.cat([bands, torch.clamp(whole, min=LOWEST_LEVEL_DB)], 1)
        scaled = (torch.clamp(everything, min=LOWEST_DB, max=HIGHEST_DB) - CENTRE_DB) * (1.0 / SCALE_DB)
        scaled = torch.cat([scaled, share_short, share_long], 1)
        keep = 1 - s.reference_steps
        return scaled.transpose(1, 2), power_dbfs, all_levels[:, :, keep:], history[:, :, keep:]

    @staticmethod
    def _or_lowest(relative: Tensor) -> Tensor:
        """Where everything was left out there is nothing: the lowest value."""
        return relative - 2.0 * LEFT_OUT_DB * (relative > 100.0).float()

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
        parts = split_power(self.split(x), torch.exp(power_dbfs * PER_DB), *self.stretch)
        parts = [torch.log(p[:, :, None] + LEAST_POWER) * (1.0 / PER_DB) for p in parts]
        return torch.cat([self.head(x), *parts], 2), memory

    def whole(self, features: Tensor) -> Tensor:
        """Answers over complete recordings [batch, frames, 64] (frames: a multiple of the step)."""
        return self.forward(features, *self.zero_states(features.shape[0]))[0]


def split_power(
    log_odds: Tensor, power: Tensor, stretch: float | Tensor = 1.0, lift: float | Tensor = 0.0
) -> tuple[Tensor, Tensor]:
    """Power of speech and of the rest, [batch, steps], from the log-odds of speech and the power of every band. The
    odds of a
    whole step are then stretched and lifted; nothing of the power is lost."""
    # Not by a sigmoid: backends approximate it, and a small share must be right in relation to itself.
    odds = torch.exp(torch.clamp(log_odds, -MOST_LOG_ODDS, MOST_LOG_ODDS))
    rest = power / (1.0 + odds)
    speech, rest = (rest * odds).sum(2), rest.sum(2)
    if isinstance(stretch, float) and (stretch, lift) == (1.0, 0.0):
        return speech, rest
    whole = speech + rest
    odds = torch.log((speech + LEAST_POWER) / (rest + LEAST_POWER)) * stretch + lift
    odds = torch.exp(torch.clamp(odds, -MOST_LOG_ODDS, MOST_LOG_ODDS))
    rest = whole / (1.0 + odds)
    return rest * odds, rest


def parameter_count(model: nn.Module) -> int:
    """All trainable values."""
    return sum(p.numel() for p in model.parameters())
