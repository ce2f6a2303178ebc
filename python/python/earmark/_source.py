"""Whatever a caller has of a recording, as what the native module hears."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._errors import SettingsError
from ._wav import write_wav

Samples: TypeAlias = NDArray[np.float32]
"""Samples, ``frames × channels``, full scale 1."""
Source: TypeAlias = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | tuple[ArrayLike, int] | ArrayLike
)
"""A path; the bytes of a file; a file object; or samples: ``(samples, rate)``, or an array with ``rate=`` beside it."""
Given: TypeAlias = str | tuple[Samples, int]

# What integers of a type count as full scale.
_FULL_SCALE = {np.dtype(np.int16): 2.0**15, np.dtype(np.int32): 2.0**31}


def as_samples(samples: ArrayLike) -> Samples:
    """Samples as the network hears them: float32, ``(frames, channels)``, full scale 1.

    Takes float16 to float64, int16 and int32, one channel as ``(frames,)`` or several as ``(frames, channels)``.
    What is no number counts as silence.

    >>> as_samples(np.array([0, 16384], dtype=np.int16)).tolist()
    [[0.0], [0.5]]
    """
    array = np.asarray(samples)
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2:
        msg = f"samples have {array.ndim} axes; give (frames,) or (frames, channels)"
        raise SettingsError(msg)
    frames, channels = array.shape
    if channels == 0 or channels > 64 or (channels > frames > 0 and channels > 8):
        msg = f"samples of shape {array.shape} have {channels} channels; give (frames, channels), transposed if need be"
        raise SettingsError(msg)
    full_scale = _FULL_SCALE.get(array.dtype)
    if full_scale is not None:
        return np.ascontiguousarray(array.astype(np.float32) / np.float32(full_scale))
    if array.dtype.kind != "f":
        msg = f"samples of type {array.dtype} have no known full scale; give float32 in -1 to 1, int16 or int32"
        raise SettingsError(msg)
    floats = np.ascontiguousarray(array, dtype=np.float32)
    finite = np.isfinite(floats)
    return floats if finite.all() else np.where(finite, floats, np.float32(0.0))


def checked_rate(rate: Any) -> int:
    """A rate in Hz that is one."""
    if isinstance(rate, bool) or int(rate) != rate or not 0 < rate < 2**32:
        msg = f"a rate of {rate} Hz; give a whole number of Hz, such as 48000"
        raise SettingsError(msg)
    return int(rate)


@contextmanager
def given(source: Source, rate: int | None, name: str | None) -> Iterator[tuple[Given, str]]:
    """What the native module hears, and what it is called in results and messages."""
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        yield path, name if name is not None else path
    elif isinstance(source, (bytes, bytearray, memoryview)) or hasattr(source, "read"):
        # Containers are read from where they need, so the bytes lie in a file that can be sought in.
        with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
            path = os.path.join(folder, "recording")
            with open(path, "wb") as file:
                if isinstance(source, (bytes, bytearray, memoryview)):
                    file.write(source)
                else:
                    shutil.copyfileobj(cast("IO[bytes]", source), file)
            own = getattr(source, "name", None)
            yield path, name if name is not None else own if isinstance(own, str) else "bytes"
    else:
        samples: Any = source
        if isinstance(source, tuple) and len(source) == 2 and np.ndim(source[1]) == 0:
            samples, own_rate = source
            if rate is not None and rate != own_rate:
                msg = f"the rate is given twice, as {own_rate} and {rate} Hz; give it once"
                raise SettingsError(msg)
            rate = own_rate
        if rate is None:
            msg = "samples need their rate in Hz; give rate=, or (samples, rate)"
            raise SettingsError(msg)
        yield (as_samples(samples), checked_rate(rate)), name if name is not None else "samples"


NamedFile: TypeAlias = tuple[str, str]
"""The path of a file, and what it is called in results and messages."""


@contextmanager
def given_file(source: Source, rate: int | None = None, name: str | None = None) -> Iterator[NamedFile]:
    """The same as a file: samples lie in a WAV of 32-bit floats."""
    with ExitStack() as kept:
        what, called = kept.enter_context(given(source, rate, name))
        if not isinstance(what, str):
            samples, samples_rate = what
            folder = kept.enter_context(tempfile.TemporaryDirectory(prefix="earmark-"))
            what = write_wav(os.path.join(folder, "samples.wav"), samples, samples_rate)
        yield what, called


@contextmanager
def given_files(sources: Iterable[Source]) -> Iterator[list[NamedFile]]:
    """Several as files."""
    if isinstance(sources, (str, bytes, os.PathLike)):
        msg = f"{sources!r} is one clip; give a list of clips"
        raise SettingsError(msg)
    with ExitStack() as kept:
        yield [kept.enter_context(given_file(source)) for source in sources]
