"""Text to speech sounds: the CMU dictionary for English, espeak-ng's phonemes for everything else."""

from __future__ import annotations

import re
import subprocess
from functools import cache, lru_cache
from pathlib import Path

from .. import TrainingError

Words = list[list[str]]
"""The units of each word."""

PAIRS = {
    "CH": "t͡ʃ tʃ tɕ tɕh", "JH": "d͡ʒ dʒ dʑ", "TS": "ts", "Z": "dz", "AY": "aɪ aj", "AW": "aʊ ʌʊ",
    "EY": "eɪ ɛɪ œy", "OW": "oʊ əʊ", "OY": "ɔɪ ɔø",
}  # fmt: skip
SINGLE = {
    "AA": "ɑ a ä", "AH": "ɐ ʌ ə", "AE": "æ", "ER": "ɜ ɚ ɝ", "AO": "ɔ ɒ", "OO": "o ɵ", "EE": "e", "EH": "ɛ ɘ", "IY": "i",
    "IH": "ɪ ɨ ɯ ᵻ", "UW": "u ʉ", "UH": "ʊ", "UE": "y ʏ ø œ", "B": "b", "V": "β v ʋ", "D": "d ɖ", "DH": "ð",
    "F": "f ɸ", "G": "ɡ g ɢ ɣ ɟ", "HH": "h ɦ ħ", "Y": "j ʝ", "K": "k c q", "L": "l ɫ ɭ ʎ ɬ", "M": "m ɱ", "N": "n ɳ",
    "NY": "ɲ", "NG": "ŋ", "P": "p", "RR": "r ɾ ɽ ʀ", "X": "ʁ x χ ç", "R": "ɹ ɻ", "ZH": "ʐ ʑ ʒ", "S": "s",
    "SH": "ʂ ʃ ɕ ɧ", "T": "t ʈ", "TH": "θ", "W": "w ʍ", "Z": "z",
}  # fmt: skip
IPA = {sign: unit for table in (SINGLE, PAIRS) for unit, signs in table.items() for sign in signs.split()}
LONGEST_FIRST = sorted(IPA, key=len, reverse=True)
TO_ENGLISH = {"EE": "EH", "OO": "AO", "RR": "T", "X": "HH", "TS": "S", "NY": "N", "UE": "UW"}
VOICES = {"zh_CN": "cmn", "zh_TW": "cmn", "en": "en-us", "fr": "fr-fr", "nn": "nb"}
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def units_of_ipa(ipa: str) -> Words:
    """The units of each word of a line in the international phonetic alphabet; stress, length and tones are passed
    over."""
    words = []
    for word in re.sub(r"\([a-z-]+\)", "", ipa).split():
        units, at = [], 0
        while at < len(word):
            sign = next((s for s in LONGEST_FIRST if word.startswith(s, at)), None)
            if sign:
                units.append(IPA[sign])
            at += len(sign or " ")
        if units:
            words.append(units)
    return words


@cache
def _voices() -> frozenset[str]:
    try:
        listed = subprocess.run(["espeak-ng", "--voices"], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        raise TrainingError("espeak-ng is missing: install the package espeak-ng") from None
    return frozenset(line.split()[1] for line in listed.splitlines()[1:])


def espeak(text: str, language: str) -> Words:
    """Units of a text in a language that espeak-ng knows; empty if it does not."""
    voice = VOICES.get(language, language.replace("_", "-").lower())
    if voice not in _voices():
        return []
    if voice == "cmn" and re.match(r"[a-z]", text):
        voice = "cmn-latn-pinyin"
    command = ["espeak-ng", "-q", "--ipa", "-v", voice, text]
    return units_of_ipa(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


class English:
    """Pronunciations by a dictionary in CMU's format; espeak-ng for the words that it lacks."""

    def __init__(self, dictionary: Path):
        self.words: dict[str, list[str]] = {}
        for line in dictionary.read_text(encoding="utf-8").splitlines():
            name, *units = line.split()
            self.words.setdefault(re.sub(r"\(\d+\)", "", name), units)
        self._guess = lru_cache(maxsize=None)(self._by_espeak)

    @staticmethod
    def split(text: str) -> list[str]:
        """The words of a text as they are said: numbers digit by digit."""
        words = []
        for word in re.sub(r"[^a-z0-9' ]", " ", text.lower().replace("’", "'")).split():
            words += [DIGITS[int(d)] for d in word] if word.isdigit() else [word.strip("'")]
        return [w for w in words if w]

    def units(self, text: str) -> Words:
        """The units of each word."""
        found = [self.words.get(w) or self._guess(w) for w in self.split(text)]
        return [units for units in found if units]

    @staticmethod
    def _by_espeak(word: str) -> list[str]:
        return [TO_ENGLISH.get(u, u) for units in espeak(word, "en") for u in units]
