"""The calls that hear: :func:`tag`, :func:`frames` and :func:`noise`."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from . import _earmark
from ._frames import Frames
from ._progress import Progress, bar
from ._source import Source, given
from ._timeline import Timeline

Purpose = Literal["subtitles", "transcription", "archive", "editing"]
"""What segments of speech are for."""


@lru_cache(maxsize=8)
def detector(pack: str, runtime: str | None, device: str, live: bool = False) -> _earmark.Detector:
    """Packs are compiled once in a process; all threads share them."""
    return _earmark.Detector(pack, runtime, device, live)


@lru_cache(maxsize=4)
def estimator(pack: str, runtime: str | None, device: str) -> _earmark.NoiseEstimator:
    return _earmark.NoiseEstimator(pack, runtime, device)


def text(path: str | os.PathLike[str] | None) -> str | None:
    """A path as text."""
    return None if path is None else os.fspath(path)


def timeline_changes(
    threshold: Mapping[str, float] | None,
    silence_dbfs: float | None,
    exclusive: Sequence[str] | None,
    refine: bool,
    *,
    purpose: Purpose | None = None,
    min_speech_ms: int | None = None,
    min_silence_ms: int | None = None,
    pad_ms: int | None = None,
    max_segment_s: float | None = None,
) -> dict[str, object]:
    """Arguments as the core reads them."""
    changes: dict[str, object] = {"threshold": dict(threshold or {}), "refine_borders": refine}
    shape = {
        "purpose": purpose,
        "min_speech_ms": min_speech_ms,
        "min_silence_ms": min_silence_ms,
        "pad_ms": pad_ms,
        "max_segment_s": max_segment_s,
    }
    changes.update({name: value for name, value in shape.items() if value is not None})
    if silence_dbfs is not None:
        changes["silence_dbfs"] = float(silence_dbfs)
    if exclusive is not None:
        changes["exclusive"] = list(exclusive)
    return changes


def tag(
    source: Source,
    *,
    rate: int | None = None,
    name: str | None = None,
    pack: str = "studio",
    threshold: Mapping[str, float] | None = None,
    silence_dbfs: float | None = None,
    exclusive: Sequence[str] | None = None,
    refine: bool = True,
    purpose: Purpose | None = None,
    min_speech_ms: int | None = None,
    min_silence_ms: int | None = None,
    pad_ms: int | None = None,
    max_segment_s: float | None = None,
    runtime: str | os.PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress = False,
) -> Timeline:
    """Hears a recording and says when what is heard, as ``earmark tag`` does.

    >>> import earmark, numpy as np
    >>> tl = earmark.tag(np.zeros(48_000, dtype=np.float32), rate=48_000)
    >>> [(s.start, s.end, s.label) for s in tl]
    [(0.0, 1.0, 'silence')]

    Args:
        source: a path, the bytes of a file, a file object, or samples: ``(samples, rate)``, or an array and ``rate``.
            Samples are float in -1 to 1, int16 or int32, ``(frames,)`` or ``(frames, channels)``.
        rate: the rate of an array, Hz.
        name: what the recording is called in results and messages.
        pack: a built-in pack (:data:`earmark.PACKS`) or the folder of one.
        threshold: probability at which a label opens, by label; the pack's own elsewhere.
        silence_dbfs: level at or below which all is silence.
        exclusive: one label per instant, by this priority.
        refine: whether borders move to the clearest step of the level nearby.
        purpose: a shape of speech for ``subtitles``, ``transcription``, ``archive`` or ``editing`` (``--for`` of the command);
            the arguments below go before it.
        min_speech_ms: shorter speech is dropped.
        min_silence_ms: shorter pauses of speech are filled, and no shorter silence is told.
        pad_ms: how much speech is widened at both ends.
        max_segment_s: longer speech is divided where it is least likely and quietest.
        runtime: ONNX Runtime's library; the embedded runtime without.
        device: where that library computes: ``cpu``, ``cuda``, …
        progress: a bar, or what is called as it goes.

    Raises:
        AudioError: the recording cannot be read.
        ModelError: the pack or the runtime cannot be used.
        SettingsError: an argument has no use.
    """
    changes = timeline_changes(
        threshold,
        silence_dbfs,
        exclusive,
        refine,
        purpose=purpose,
        min_speech_ms=min_speech_ms,
        min_silence_ms=min_silence_ms,
        pad_ms=pad_ms,
        max_segment_s=max_segment_s,
    )
    return tag_with(
        source, changes, rate=rate, name=name, pack=pack, runtime=runtime, device=device, progress=progress
    )


def tag_with(
    source: Source,
    changes: Mapping[str, object],
    *,
    rate: int | None,
    pack: str,
    name: str | None = None,
    runtime: str | os.PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress = False,
) -> Timeline:
    """As :func:`tag`, with all that can be changed about the timeline."""
    with given(source, rate, name) as (what, called), bar(progress, called) as show:
        found = detector(pack, text(runtime), device).tag(what, called, json.dumps(changes), show)
    return Timeline._of(found)


def frames(
    source: Source,
    *,
    rate: int | None = None,
    name: str | None = None,
    pack: str = "studio",
    live: bool = False,
    runtime: str | os.PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress = False,
) -> Frames:
    """Probabilities and levels every 10 ms, as ``earmark frames`` writes them. Arguments and errors as of :func:`tag`.

    ``live`` calls the network as a live gate does, with as few frames at a time as the pack allows.
    """
    hears = detector(pack, text(runtime), device, live)
    with given(source, rate, name) as (what, called), bar(progress, called) as show:
        probabilities, level_dbfs, rate_hz, samples = hears.frames(what, called, show)
    labels = tuple(hears.labels)
    return Frames(labels, probabilities.reshape(-1, len(labels)), level_dbfs, rate_hz, samples)


@dataclass(frozen=True, slots=True)
class NoiseSecond:
    """One second of a recording."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""
    noisy: bool
    """Whether it counts as noisy."""
    probability: float
    """That noise can be heard."""
    snr_db: float | None
    """Speech over noise; ``None`` where no speech is near."""
    floor_dbfs: float
    """Level of the noise."""
    kind: str | None
    """What kind of noise, where that is certain enough."""


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise behind the speech of a recording."""

    duration: float
    """Length in seconds."""
    noisy: bool
    """Whether there is background noise."""
    probability: float
    """Of that."""
    snr_db: float | None
    """Speech over noise; ``None`` without speech."""
    floor_dbfs: float
    """Mean level of the noise."""
    kind: str | None
    """What kind of noise, where that is certain enough."""
    seconds: tuple[NoiseSecond, ...]
    """The same, second by second."""


def noise(
    source: Source,
    *,
    rate: int | None = None,
    name: str | None = None,
    pack: str = "noise",
    threshold: float | None = None,
    runtime: str | os.PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress = False,
) -> Noise:
    """How noisy a recording is and by what, as ``earmark noise`` says. Arguments and errors as of :func:`tag`.

    ``threshold`` is the probability from which it counts as noisy; ``None``: the pack's.
    """
    with given(source, rate, name) as (what, called), bar(progress, called) as show:
        verdict, windows = estimator(pack, text(runtime), device).estimate(what, called, threshold, show)
    seconds = tuple(
        NoiseSecond(start=w.pop("start_s"), end=w.pop("end_s"), **w) for w in json.loads(windows)
    )
    found = json.loads(verdict)
    return Noise(duration=found.pop("duration_s"), seconds=seconds, **found)
