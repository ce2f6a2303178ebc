"""ProPack (RNC, method 1), the packer in which some games of the nineties keep their files.

A block begins with "RNC", the method, the sizes unpacked and packed (4 bytes each, big-endian), two checksums and, at
byte 17, the number of chunks; its bits begin at byte 18, in little-endian words of 16, lowest bit first, after two that
say nothing. A chunk has three tables of prefix codes (lengths of literals, distances, lengths of copies), then a
count of commands in 16 bits. A command is a run of literal bytes, which lie between the words, and a copy of what was
unpacked before; the last one has no copy.
"""

from __future__ import annotations

import struct

from ..corpus import CorpusError

HEADER_BYTES = 18
CHUNKS_AT = 17
MOST_BITS = 16


class _Bits:
    """Words of bits with raw bytes between them."""

    def __init__(self, data: bytes):
        self.data, self.at, self.held, self.count = data, HEADER_BYTES, 0, 0

    def look(self, count: int) -> int:
        """The next bits, which stay."""
        while self.count < count:
            self.held |= int.from_bytes(self.data[self.at : self.at + 2], "little") << self.count
            self.count, self.at = self.count + 16, self.at + 2
        return self.held & ((1 << count) - 1)

    def take(self, count: int) -> int:
        """The next bits."""
        bits = self.look(count)
        self.held >>= count
        self.count -= count
        return bits

    def raw(self, count: int) -> bytes:
        """Bytes that follow the word which is being read; whole words that were looked at already are read again."""
        at = self.at - self.count // 16 * 2
        self.count %= 16
        self.held &= (1 << self.count) - 1
        self.at = at + count
        return self.data[at : at + count]


class _Codes:
    """A table of canonical prefix codes, lowest bit first."""

    def __init__(self, bits: _Bits):
        lengths = [bits.take(4) for _ in range(bits.take(5))]
        self.codes, code = {}, 0
        for length in range(1, MOST_BITS + 1):
            for symbol in (s for s, own in enumerate(lengths) if own == length):
                self.codes[length, int(f"{code:0{length}b}"[::-1], 2)] = symbol
                code += 1
            code <<= 1

    def value(self, bits: _Bits) -> int:
        """The next number: its highest bit by a code, the others as they are."""
        ahead = bits.look(MOST_BITS)
        for length in range(1, MOST_BITS + 1):
            symbol = self.codes.get((length, ahead & ((1 << length) - 1)))
            if symbol is not None:
                bits.take(length)
                return symbol if symbol < 2 else 1 << (symbol - 1) | bits.take(symbol - 1)
        raise CorpusError("a packed block holds a code that its table has not")


def unpacked(data: bytes) -> bytes:
    """The content of a block."""
    if data[:4] != b"RNC\x01" or len(data) < HEADER_BYTES:
        raise CorpusError("not a ProPack block of method 1")
    (size,) = struct.unpack_from(">I", data, 4)
    bits, out = _Bits(data), bytearray()
    bits.take(2)
    for _ in range(data[CHUNKS_AT]):
        literals, distances, lengths = _Codes(bits), _Codes(bits), _Codes(bits)
        for left in range(bits.take(16) - 1, -1, -1):
            count = literals.value(bits)
            out += bits.raw(count)
            if left and len(out) <= size:
                distance, length = distances.value(bits) + 1, lengths.value(bits) + 2
                if distance > len(out):
                    raise CorpusError("a packed block copies from before its beginning")
                for _ in range(length):
                    out.append(out[-distance])
    if len(out) != size:
        raise CorpusError(f"a packed block holds {len(out)} bytes and not the {size} that it states")
    return bytes(out)
