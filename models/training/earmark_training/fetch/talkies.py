"""Spoken lines of two adventure games that Debian distributes, out of the containers that the games read.

Both hold 11 025 Hz mono. `queen.1c` begins with "QTBL", six bytes of version, three of flags, and a big-endian count of
entries of 21 bytes: twelve of name, one of bundle, four of offset, four of size; entries named `*.SB` are whole MP3
streams. A `.ALS` file is unsigned 8-bit samples and nothing else.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from ..corpus import CorpusError

RATE_HZ = 11025
ENTRY_BYTES = 21


def queen_lines(file: Path) -> Iterator[tuple[str, np.ndarray, int]]:
    """Name, samples and rate of each line of `queen.1c`."""
    with file.open("rb") as opened:
        head = opened.read(15)
        if head[:4] != b"QTBL" or len(head) < 15:
            raise CorpusError(f"{file.name}: not a container of Flight of the Amazon Queen")
        (count,) = struct.unpack(">H", head[13:15])
        entries = [opened.read(ENTRY_BYTES) for _ in range(count)]
        for entry in entries:
            name = entry[:12].split(b"\0")[0].decode("ascii", "replace")
            if not name.endswith(".SB"):
                continue
            offset, size = struct.unpack(">II", entry[13:21])
            opened.seek(offset)
            samples, rate_hz = soundfile.read(io.BytesIO(opened.read(size)), dtype="float32", always_2d=True)
            yield name.removesuffix(".SB"), samples.mean(axis=1), rate_hz


def drascula_line(file: Path) -> tuple[np.ndarray, int]:
    """Samples and rate of one `.ALS` file."""
    return (np.frombuffer(file.read_bytes(), np.uint8).astype(np.float32) - 128.0) / 128.0, RATE_HZ
