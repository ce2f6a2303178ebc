"""The phones of festvox-ru's label files as units."""

from __future__ import annotations

from .units import INDEX, UNLABELLED

NAMES = {
    "AA": "a ar aa", "AE": "ae", "AH": "ay", "IY": "i ii", "IH": "y yy iy ir yr", "EE": "e ee er", "OO": "o oo",
    "UW": "u ur uu", "B": "b bb", "V": "v vv", "G": "g gg", "D": "d dd", "ZH": "zh", "Z": "z zz", "Y": "j", "K": "k kk",
    "L": "l ll", "M": "m mm", "N": "n", "NY": "nn", "P": "p pp", "RR": "r rr", "S": "s ss", "T": "t tt", "F": "f ff",
    "X": "h hh", "TS": "c", "CH": "ch", "SH": "sh sch", "SIL": "pau ssil br",
}  # fmt: skip
UNIT = {phone: INDEX[unit] for unit, phones in NAMES.items() for phone in phones.split()}


def units_of(phone: str) -> int:
    """The unit's index; UNLABELLED for a phone that has none."""
    return UNIT.get(phone, UNLABELLED)
