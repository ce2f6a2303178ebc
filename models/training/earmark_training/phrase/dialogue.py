"""What is said in the lines of Flight of the Amazon Queen, from the dialogues in its data file.

A dialogue (`*.DOG`) has a header of 20 bytes, then its data, big-endian: levels, a key of its own, the key of its
lines, how many lines Joe has and how many the others; at byte 22 where the others' lines begin; Joe's begin after 32
bytes and 96 for each level. A line is 2 bytes, its number in 2, its length in 1, its text; the next begins at a
multiple of four. `*05` and the like are gestures: each ends a spoken part. A recording's name is the key in two
digits, the number in four hexadecimal digits, J for Joe or P, and the part.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

TABLE_AT, ENTRY_BYTES = 13, 21
HEADER_BYTES, LEVELS_AT, LEVEL_BYTES, OTHERS_AT = 20, 32, 96, 22
GESTURE = re.compile(r"\*\w\w")


def _entries(data: bytes) -> Iterator[tuple[str, bytes]]:
    (count,) = struct.unpack_from(">H", data, TABLE_AT)
    for number in range(count):
        at = TABLE_AT + 2 + number * ENTRY_BYTES
        start, size = struct.unpack_from(">II", data, at + 13)
        yield data[at : at + 12].split(b"\0")[0].decode("ascii"), data[start : start + size]


def _lines(data: bytes, at: int, count: int) -> Iterator[tuple[int, str]]:
    for _ in range(count):
        if at + 5 > len(data):
            return
        number, length = struct.unpack_from(">HB", data, at + 2)
        yield number, data[at + 5 : at + 5 + length].decode("latin-1")
        at += 5 + length
        at += -at % 4


def queen_texts(file: Path) -> dict[str, str]:
    """Texts by the name of the recording, of `queen.1c`."""
    said = {}
    for name, entry in _entries(file.read_bytes()):
        if not name.endswith(".DOG"):
            continue
        data = entry[HEADER_BYTES:]
        levels, _, key, joe, others = struct.unpack_from(">hHHHH", data)
        (others_at,) = struct.unpack_from(">H", data, OTHERS_AT)
        for letter, at, count in (("J", LEVELS_AT + abs(levels) * LEVEL_BYTES, joe), ("P", others_at, others)):
            for number, text in _lines(data, at, count):
                parts = [part.strip() for part in GESTURE.split(text) if part.strip()]
                for index, part in enumerate(parts, 1):
                    said[f"{key:02d}{number:04X}{letter}{index:X}"] = part
    return said
