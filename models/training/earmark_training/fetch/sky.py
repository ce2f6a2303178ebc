"""The container of Beneath a Steel Sky: its spoken lines, and the texts that they say.

`sky.dnr` is a table: a little-endian count in 4 bytes, then 8 bytes for each file of `sky.dsk`: its number in 2, its
offset in 3 (in units of 16 bytes if the highest bit is set), its size in 3 (22 bits). Files from 50 000 on are spoken
lines of 11 025 Hz, unsigned 8-bit, mostly packed by ProPack, behind a header of 22 bytes.

Texts lie in eight sections, the files from 60 600 on. A section begins with two little-endian words: where its table of
lengths begins, and where its texts do. From byte 4 on a word for each 32 texts says how much they fill, the table of
lengths has a byte for each text but the first of 32, both in units of two bits; a length with its highest bit set
counts eightfold. The text of a line is the one at the number of its file less the first of its section.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from ..corpus import CorpusError
from .propack import unpacked

RATE_HZ = 11025
ENTRY_BYTES, HEADER_BYTES = 8, 22
FIRST_LINE, FIRST_TEXTS = 50_000, 60_600
SECTION_LINES = (0, 600, 1100, 2430, 3380, 4530, 5080, 5230)
"""The first line of each section, and the end of the last one that is spoken."""
TEXTS_IN_BLOCK = 32
LONGEST_TEXT = 400

CODE = r"""
(((_(ea(((os(tn((.ir(((((|Eu(mA(((lI(dR((NST(((((Ohc(Dg(((LC(pU((!yM(((((PvH(?b((('f,(GB
(((((VkF(qw(((K-W(J*((((zY(j+(((Q~~((Z~<(((((~~~(~:(((~]#((xX~(((((~`2((0~1(((/~=(~^~
"""
"""The prefix code of the texts of version 0.0372 in the order of its tree: `(` a fork, `_` a blank, `|` the end of a
text, `~` what is of no use here: signs of other languages and rare ones."""
USELESS = "~"


def _entries(table: Path) -> Iterator[tuple[int, int, int]]:
    """Number, offset and size of each file."""
    data = table.read_bytes()
    count = int.from_bytes(data[:4], "little")
    if not 0 < count <= (len(data) - 4) // ENTRY_BYTES:
        raise CorpusError(f"{table.name}: not the table of Beneath a Steel Sky")
    for at in range(4, 4 + count * ENTRY_BYTES, ENTRY_BYTES):
        fields = data[at : at + 2], data[at + 2 : at + 5], data[at + 5 : at + 8]
        number, offset, size = (int.from_bytes(field, "little") for field in fields)
        yield number, (offset & 0x7FFFFF) << (4 if offset & 0x800000 else 0), size & 0x3FFFFF


def sky_lines(table: Path) -> Iterator[tuple[str, np.ndarray, int]]:
    """Name (its number), samples and rate of each spoken line that a text belongs to."""
    with table.with_suffix(".dsk").open("rb") as disk:
        for number, offset, size in _entries(table):
            if not FIRST_LINE <= number < FIRST_LINE + SECTION_LINES[-1]:
                continue
            disk.seek(offset)
            data = disk.read(size)[HEADER_BYTES:]
            data = unpacked(data) if data[:3] == b"RNC" else data
            yield str(number), (np.frombuffer(data, np.uint8).astype(np.float32) - 128.0) / 128.0, RATE_HZ


def sky_texts(table: Path) -> dict[str, str]:
    """Texts by the name of the line."""
    disk, said = table.with_suffix(".dsk").read_bytes(), {}
    for number, offset, size in _entries(table):
        section = number - FIRST_TEXTS
        if 0 <= section < len(SECTION_LINES) - 1:
            for index, text in _texts(disk[offset : offset + size]):
                line = SECTION_LINES[section] + index
                if USELESS not in text and line < SECTION_LINES[section + 1]:
                    said[str(FIRST_LINE + line)] = text
    return said


@cache
def _tree() -> tuple | str:
    signs = iter("".join(CODE.split()))

    def node() -> tuple | str:
        sign = next(signs)
        return (node(), node()) if sign == "(" else sign

    return node()


def _texts(section: bytes) -> Iterator[tuple[int, str]]:
    word = lambda at: int.from_bytes(section[at : at + 2], "little")
    lengths_at, texts_at, block_at = word(0), word(2), 0
    for block in range((lengths_at - 4) // 2 + 1):
        at = block_at
        for index in range(TEXTS_IN_BLOCK):
            if index:
                length_at = lengths_at + block * TEXTS_IN_BLOCK + index - 1
                if length_at >= texts_at:
                    break
                length = section[length_at]
                at += (length & 0x7F) << 3 if length & 0x80 else length
            yield block * TEXTS_IN_BLOCK + index, _text(section, 8 * texts_at + 2 * at)
        block_at += word(4 + 2 * block)


def _text(section: bytes, bit: int) -> str:
    """The text that begins at a bit, counted from the highest of each byte."""
    signs = []
    while len(signs) < LONGEST_TEXT:
        node = _tree()
        while isinstance(node, tuple):
            if bit >= 8 * len(section):
                return USELESS
            node = node[section[bit // 8] >> (7 - bit % 8) & 1]
            bit += 1
        if node == "|":
            break
        signs.append(node)
    return "".join(signs).replace("_", " ")
