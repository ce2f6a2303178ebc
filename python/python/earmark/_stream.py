"""Labels while the sound is still on."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _earmark
from ._errors import SettingsError
from ._hear import Purpose, detector, text, timeline_changes
from ._source import as_samples, checked_rate


class Event(dict[str, Any]):
    """One thing that a stream tells; the fields are those of the events that ``earmark stream`` writes.

    >>> event = Event(type="onset", id=1, label="speech", start=0.5, decided=0.7, confidence=0.9)
    >>> event.type, event["start"]
    ('onset', 0.5)
    """

    @property
    def type(self) -> str:
        """``begin``, ``onset``, ``offset``, ``frame``, ``gap`` or ``end``."""
        return str(self["type"])

    @property
    def label(self) -> str | None:
        """The label of an onset or an offset."""
        return self.get("label")


def _events(lines: list[str]) -> list[Event]:
    return [Event(json.loads(line)) for line in lines]


class Detector:
    """Hears one stream, block by block.

    The same samples give the same events, however they are cut into blocks; the events are those of ``earmark stream``.

    >>> import numpy as np
    >>> detector = Detector(rate=16_000)
    >>> events = detector.push(np.zeros(8_000, dtype=np.float32)) + detector.flush()
    >>> [event.type for event in events]
    ['begin', 'onset', 'offset', 'end']

    Args:
        rate: samples per second, Hz.
        channels: how many; blocks are ``(frames, channels)``, or ``(frames,)`` with one.
        name: what the stream is called in its events.
        pack: a built-in pack or the folder of one; ``live`` looks ahead least.
        frame_ms: tell probabilities every so many milliseconds, a multiple of 10.
        threshold: probability at which a label opens, by label.
        min_on_ms: shorter stretches of a label are not told, by label.
        min_gap_ms: shorter pauses of a label are not told, by label.
        silence_dbfs: level at or below which all is silence.
        purpose, min_speech_ms, min_silence_ms, pad_ms, max_segment_s: the shape of speech, as of :func:`earmark.tag`.

    Raises:
        SettingsError: an argument has no use.
        ModelError: the pack or the runtime cannot be used.
    """

    def __init__(
        self,
        *,
        rate: int,
        channels: int = 1,
        name: str = "stream",
        pack: str = "live",
        frame_ms: int | None = None,
        threshold: Mapping[str, float] | None = None,
        min_on_ms: Mapping[str, int] | None = None,
        min_gap_ms: Mapping[str, int] | None = None,
        silence_dbfs: float | None = None,
        purpose: Purpose | None = None,
        min_speech_ms: int | None = None,
        min_silence_ms: int | None = None,
        pad_ms: int | None = None,
        max_segment_s: float | None = None,
        runtime: str | os.PathLike[str] | None = None,
        device: str = "cpu",
    ) -> None:
        changes = timeline_changes(
            threshold,
            silence_dbfs,
            None,
            refine=False,
            purpose=purpose,
            min_speech_ms=min_speech_ms,
            min_silence_ms=min_silence_ms,
            pad_ms=pad_ms,
            max_segment_s=max_segment_s,
        )
        changes["min_on_ms"] = dict(min_on_ms or {})
        changes["min_gap_ms"] = dict(min_gap_ms or {})
        self.rate = checked_rate(rate)
        self.channels = channels
        hears = detector(pack, text(runtime), device, live=True)
        self._tagger = _earmark.StreamTagger(hears, self.rate, channels, name, json.dumps(changes), frame_ms)

    def push(self, block: ArrayLike) -> list[Event]:
        """Hears a block of any size; gives what is certain now.

        Raises:
            SettingsError: the block has other channels, or the stream has ended.
        """
        return _events(self._tagger.push(as_samples(block)))

    def gap(self, seconds: float, reason: str = "no sound") -> list[Event]:
        """The source gave nothing for so long: the clock goes on, and what was on has ended."""
        if not 0 <= seconds < float("inf"):
            msg = f"a gap of {seconds} s; give seconds"
            raise SettingsError(msg)
        return _events(self._tagger.gap(round(seconds * self.rate), reason))

    def flush(self) -> list[Event]:
        """The stream has ended: gives the rest, ``end`` last. Nothing can be pushed afterwards."""
        return _events(self._tagger.finish())


def stream(blocks: Iterable[ArrayLike], *, rate: int, **settings: Any) -> Iterator[Event]:
    """Events of a stream as they become certain, from blocks of samples as they come.

    >>> import numpy as np
    >>> silence = (np.zeros(1_600, dtype=np.int16) for _ in range(10))
    >>> [event.type for event in stream(silence, rate=16_000)]
    ['begin', 'onset', 'offset', 'end']

    Args:
        blocks: arrays ``(frames,)`` or ``(frames, channels)``; the first one says how many channels there are.
        rate: samples per second, Hz.
        settings: those of :class:`Detector`.
    """
    hears: Detector | None = None
    for block in blocks:
        if hears is None:
            channels = 1 if np.ndim(block) < 2 else int(np.shape(block)[1])
            hears = Detector(rate=rate, **{"channels": channels, **settings})
        yield from hears.push(block)
    if hears is None:
        hears = Detector(rate=rate, **settings)
    yield from hears.flush()
