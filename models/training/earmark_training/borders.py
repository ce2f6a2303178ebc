"""Onsets and silences of scenes and of timed words, and whether the recording itself agrees with them.

Word times come from people and aligners and are off in places: words that "begin" in silence, "silences" as loud as
the words
beside them. A score that follows the sound is late or deaf there by decree, so both are also counted where sound and
times agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .labels import runs

MIN_GAP_FRAMES = 15
SOUND_WITHIN_FRAMES, SOUND_OVER_FLOOR_DB, SOUND_RANGE_DB = 6, 10.0, 30.0
"""An onset is confirmed by a frame so soon after it, so much over the clip's floor and not further under its loud
level."""
QUIET_UNDER_LOUD_DB = 20.0
"""A silence is confirmed when half of it lies this far under the loud level of the clip."""


@dataclass
class Borders:
    """What was counted over some clips; `add` takes one more."""

    delays_ms: list[float] = field(default_factory=list)
    confirmed: list[bool] = field(default_factory=list)
    silences_found: list[bool] = field(default_factory=list)
    silences_confirmed: list[bool] = field(default_factory=list)

    @property
    def missed(self) -> list[bool]:
        """Which onsets have no delay, because nothing was called."""
        return np.isnan(self.delays_ms).tolist()

    def add(self, score: np.ndarray, spoken: np.ndarray, level_db: np.ndarray) -> None:
        """Scores, truth and levels (see `labels.SpeechLabel`) [frames] of one recording; the delay is that of `earmark
        eval activity`."""
        loud_db, floor_db = np.percentile(level_db, 95), np.percentile(level_db, 5)
        audible_db = max(loud_db - SOUND_RANGE_DB, floor_db + SOUND_OVER_FLOOR_DB)
        called, end_before = score > 0.5, 0
        for number, (start, end) in enumerate(runs(spoken)):
            gap = slice(end_before, start)
            if start - end_before >= MIN_GAP_FRAMES:
                confirmed = bool(level_db[start : start + SOUND_WITHIN_FRAMES].max() > audible_db)
                self._onset(called, end_before, start, end, confirmed)
                if number:
                    self.silences_found.append(not called[gap].all())
                    self.silences_confirmed.append(bool(np.median(level_db[gap]) < loud_db - QUIET_UNDER_LOUD_DB))
            end_before = end

    def _onset(self, called: np.ndarray, gap_start: int, start: int, end: int, confirmed: bool) -> None:
        if called[start]:
            closed = np.flatnonzero(~called[gap_start:start])
            if len(closed) == 0:
                return  # on since before the gap: no moment of opening
            delay = gap_start + closed[-1] + 1 - start
        else:
            later = np.flatnonzero(called[start:end])
            delay = later[0] if len(later) else np.nan
        self.delays_ms.append(10.0 * float(delay))
        self.confirmed.append(confirmed)

    def figures(self) -> dict:
        """Counts and delays: of all, and of those that the sound confirms."""
        delays, missed, confirmed = (
            np.array(self.delays_ms),
            np.array(self.missed, bool),
            np.array(self.confirmed, bool),
        )
        found, real = np.array(self.silences_found, bool), np.array(self.silences_confirmed, bool)
        result = {}
        for name, onsets, silences in (
            ("all", np.ones_like(missed), np.ones_like(found)),
            ("confirmed", confirmed, real),
        ):
            heard = delays[onsets & ~missed]
            p50, p90 = (float(np.percentile(heard, q)) if len(heard) else None for q in (50, 90))
            result[name] = {
                "onsets": int(onsets.sum()),
                "missed": int(missed[onsets].sum()),
                "delay_ms_p50": p50,
                "delay_ms_p90": p90,
                "silences": int(silences.sum()),
                "silences_found": float(found[silences].mean()) if silences.any() else None,
            }
        return result


def all_confirmed(spoken: np.ndarray, level_db: np.ndarray) -> bool:
    """Whether the recording agrees with every border that `Borders` would count."""
    borders = Borders()
    borders.add(np.zeros(len(spoken)), spoken, level_db)
    return all(borders.confirmed) and all(borders.silences_confirmed)
