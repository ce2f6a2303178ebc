"""A WAV of floats."""

import struct

import numpy as np
from numpy.typing import NDArray

from ._errors import SettingsError

_FLOAT = 3
_HEADER_BYTES = 58


def write_wav(path: str, samples: NDArray[np.float32], rate: int) -> str:
    """Writes 32-bit float samples, ``(frames, channels)``; gives the path."""
    frames, channels = samples.shape
    if samples.nbytes > 2**32 - _HEADER_BYTES:
        msg = f"{frames} frames are more than a WAV holds; render a file instead"
        raise SettingsError(msg)
    header = b"RIFF" + struct.pack("<I", _HEADER_BYTES - 8 + samples.nbytes) + b"WAVE"
    header += b"fmt " + struct.pack("<IHHIIHHH", 18, _FLOAT, channels, rate, rate * channels * 4, channels * 4, 32, 0)
    header += b"fact" + struct.pack("<II", 4, frames)
    header += b"data" + struct.pack("<I", samples.nbytes)
    with open(path, "wb") as file:
        file.write(header)
        file.write(samples.astype("<f4", copy=False).tobytes())
    return path
