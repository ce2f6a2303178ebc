"""The names and units of Silero VAD, heard by Earmark: code switches by an import.

>>> from earmark.silero import get_speech_timestamps, load_silero_vad, read_audio
>>> model = load_silero_vad()
>>> get_speech_timestamps(np.zeros(16_000, dtype=np.float32), model)
[]

Audio is whatever NumPy makes an array of (also a tensor of PyTorch on the CPU), one channel, full scale 1. Results are in
samples of the given rate, or in seconds with ``return_seconds``. Any rate can be heard, not 8 and 16 kHz alone.
"""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _earmark
from ._errors import SettingsError
from ._frames import HOP_S
from ._hear import detector, frames, tag_with, timeline_changes
from ._stream import Detector
from ._wav import write_wav

__all__ = [
    "EarmarkVAD",
    "VADIterator",
    "collect_chunks",
    "drop_chunks",
    "get_speech_timestamps",
    "load_silero_vad",
    "read_audio",
    "save_audio",
]

_SPEECH = "speech"


class EarmarkVAD:
    """What stands for the model: a pack."""

    def __init__(self, pack: str = "studio", live_pack: str = "live") -> None:
        self.pack = pack
        self.live_pack = live_pack
        detector(pack, None, "cpu")

    def reset_states(self) -> None:
        """Does nothing: each call hears a stream of its own."""

    def audio_forward(self, audio: ArrayLike, sr: int) -> NDArray[np.float32]:
        """Probability of speech per window of 512 samples at 16 kHz (32 ms), ``(1, windows)``."""
        heard = frames(_mono(audio), rate=sr, pack=self.pack)[_SPEECH]
        seconds = len(heard) * HOP_S
        windows = max(1, int(np.ceil(seconds / 0.032)))
        centres = (np.arange(windows) + 0.5) * 0.032
        at = np.clip((centres / HOP_S).astype(int), 0, max(len(heard) - 1, 0))
        return heard[at][np.newaxis] if len(heard) else np.zeros((1, windows), np.float32)


def load_silero_vad(onnx: bool = False, opset_version: int = 16) -> EarmarkVAD:
    """Earmark's pack *studio*, ready to hear. The arguments have no effect."""
    del onnx, opset_version
    return EarmarkVAD()


def _mono(audio: ArrayLike) -> NDArray[Any]:
    samples = np.squeeze(np.asarray(audio))
    if samples.ndim == 0:
        samples = samples[np.newaxis]
    if samples.ndim != 1:
        msg = f"audio of shape {np.shape(audio)}; give one channel, (frames,)"
        raise SettingsError(msg)
    return samples


def get_speech_timestamps(
    audio: ArrayLike,
    model: EarmarkVAD | None = None,
    threshold: float = 0.5,
    sampling_rate: int = 16_000,
    min_speech_duration_ms: int = 250,
    max_speech_duration_s: float = float("inf"),
    min_silence_duration_ms: int = 100,
    speech_pad_ms: int = 30,
    return_seconds: bool = False,
    time_resolution: int = 1,
    progress_tracking_callback: Callable[[float], object] | None = None,
) -> list[dict[str, int]] | list[dict[str, float]]:
    """Where somebody speaks: ``[{"start": …, "end": …}, …]``, as Silero VAD's function of that name.

    Speech opens at ``threshold``; stretches under ``min_speech_duration_ms`` are dropped, pauses under
    ``min_silence_duration_ms`` filled, the rest padded by ``speech_pad_ms`` (never beyond the middle of a pause). A stretch
    over ``max_speech_duration_s`` is split where speech is least likely.
    """
    samples = _mono(audio)
    changes = timeline_changes({_SPEECH: threshold}, None, None, refine=True)
    changes["min_on_ms"] = {_SPEECH: int(min_speech_duration_ms)}
    changes["min_gap_ms"] = {_SPEECH: int(min_silence_duration_ms)}
    pack = (model or load_silero_vad()).pack

    def progress(done: float, length: float | None) -> None:
        if progress_tracking_callback is not None and length:
            progress_tracking_callback(100 * done / length)

    timeline = tag_with(samples, changes, rate=sampling_rate, pack=pack, progress=progress)
    spans = [(segment.start, segment.end) for segment in timeline.of(_SPEECH)]
    if max_speech_duration_s != float("inf") and any(end - start > max_speech_duration_s for start, end in spans):
        speech = frames(samples, rate=sampling_rate, pack=pack)[_SPEECH]
        spans = [part for span in spans for part in _split(span, speech, max_speech_duration_s)]
    padded = _padded(spans, speech_pad_ms / 1_000, len(samples) / sampling_rate)
    if progress_tracking_callback is not None:
        progress_tracking_callback(100.0)
    if return_seconds:
        return [{"start": round(a, time_resolution), "end": round(b, time_resolution)} for a, b in padded]
    return [{"start": round(a * sampling_rate), "end": round(b * sampling_rate)} for a, b in padded]


def _split(span: tuple[float, float], speech: NDArray[np.float32], most_s: float) -> list[tuple[float, float]]:
    """Parts no longer than ``most_s``, each cut in the second half of what it may be, where speech is least likely."""
    if most_s < 2 * HOP_S:
        msg = f"stretches of at most {most_s} s; give at least {2 * HOP_S}"
        raise SettingsError(msg)
    parts = []
    start, end = span
    while end - start > most_s:
        low, high = round((start + most_s / 2) / HOP_S), int((start + most_s) / HOP_S)
        cut = (low + int(np.argmin(speech[low : high + 1]))) * HOP_S if low < len(speech) else start + most_s
        cut = min(max(cut, start + HOP_S), start + most_s)
        parts.append((start, cut))
        start = cut
    return [*parts, (start, end)]


def _padded(spans: list[tuple[float, float]], pad_s: float, duration_s: float) -> list[tuple[float, float]]:
    rows = [(start, end, _SPEECH, 1.0) for start, end in spans]
    return _earmark.TimelineData("", duration_s, [_SPEECH], rows).padded(_SPEECH, pad_s)


class VADIterator:
    """Speech in a stream, chunk by chunk: ``{"start": sample}``, ``{"end": sample}`` or ``None``, as Silero VAD's."""

    def __init__(
        self,
        model: EarmarkVAD | None = None,
        threshold: float = 0.5,
        sampling_rate: int = 16_000,
        min_silence_duration_ms: int = 100,
        speech_pad_ms: int = 30,
    ) -> None:
        self.sampling_rate = sampling_rate
        self._pack = (model or load_silero_vad()).live_pack
        self._threshold = threshold
        self._min_gap_ms = min_silence_duration_ms
        self._pad_s = speech_pad_ms / 1_000
        self.reset_states()

    def reset_states(self) -> None:
        """Begins a new stream."""
        self._hears = Detector(
            rate=self.sampling_rate,
            pack=self._pack,
            threshold={_SPEECH: self._threshold},
            min_on_ms={_SPEECH: 0},
            min_gap_ms={_SPEECH: self._min_gap_ms},
        )
        self._waiting: list[dict[str, float]] = []
        self.triggered = False

    def __call__(
        self, x: ArrayLike, return_seconds: bool = False, time_resolution: int = 1
    ) -> dict[str, int] | dict[str, float] | None:
        """Hears the next chunk, of any size. What more than one chunk tells comes with the chunks after it."""
        for event in self._hears.push(_mono(x)):
            if event.label != _SPEECH:
                continue
            if event.type == "onset":
                self._waiting.append({"start": max(event["start"] - self._pad_s, 0.0)})
            else:
                self._waiting.append({"end": event["end"] + self._pad_s})
        if not self._waiting:
            return None
        found = self._waiting.pop(0)
        self.triggered = "start" in found
        if return_seconds:
            return {name: round(at, time_resolution) for name, at in found.items()}
        return {name: round(at * self.sampling_rate) for name, at in found.items()}


def read_audio(path: str | os.PathLike[str], sampling_rate: int = 16_000) -> NDArray[np.float32]:
    """A recording as one channel at ``sampling_rate``, in any format that Earmark reads."""
    return _earmark.decode(os.fspath(path), sampling_rate)


def save_audio(path: str | os.PathLike[str], tensor: ArrayLike, sampling_rate: int = 16_000) -> None:
    """Writes one channel as a WAV of 32-bit floats."""
    write_wav(os.fspath(path), np.ascontiguousarray(_mono(tensor)[:, np.newaxis], dtype=np.float32), sampling_rate)


def _spans(tss: list[dict[str, Any]], seconds: bool, sampling_rate: int | None) -> list[tuple[int, int]]:
    if not seconds:
        return [(int(span["start"]), int(span["end"])) for span in tss]
    if sampling_rate is None:
        msg = "times in seconds need sampling_rate="
        raise SettingsError(msg)
    return [(round(span["start"] * sampling_rate), round(span["end"] * sampling_rate)) for span in tss]


def collect_chunks(
    tss: list[dict[str, Any]], wav: ArrayLike, seconds: bool = False, sampling_rate: int | None = None
) -> NDArray[Any]:
    """The stretches of ``tss``, joined."""
    samples = _mono(wav)
    chunks = [samples[start:end] for start, end in _spans(tss, seconds, sampling_rate)]
    return np.concatenate(chunks) if chunks else samples[:0]


def drop_chunks(
    tss: list[dict[str, Any]], wav: ArrayLike, seconds: bool = False, sampling_rate: int | None = None
) -> NDArray[Any]:
    """All but the stretches of ``tss``, joined."""
    samples = _mono(wav)
    keep = np.ones(len(samples), dtype=bool)
    for start, end in _spans(tss, seconds, sampling_rate):
        keep[start:end] = False
    return samples[keep]
