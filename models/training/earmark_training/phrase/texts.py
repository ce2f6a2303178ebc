"""What is said in which clip: the corpus's own column, the scripts of games, the captions of stamps."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from ..fetch.sky import sky_texts
from .dialogue import queen_texts

HASH = re.compile(r"-[0-9a-f]{6}$")
"""What the fetcher appends to a recording's name."""

ENGLISH = (
    "librispeech-clean",
    "speechocean762",
    "robotutor-en",
    "speech-commands",
    "alphanumeric",
    "free-spoken-digits",
)
OTHERS = ("gcompris-voices", "asterisk-ru", "audio-cmn", "robotutor-sw")
HELD_OUT = ("picovoice-wake-words", "precise-community", "custom-speech-commands")
"""Spoken phrases by many voices: no training sees them, `trials` looks for them."""


@dataclass(frozen=True)
class Text:
    """What a clip says."""

    language: str
    words: str


def _rows(corpus: Path) -> list[dict]:
    with (corpus / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["class"] == "speech"]


def _dialogues(packages: Path, language: str) -> dict[str, str]:
    """Lines of Fish Fillets by their id."""
    said = {}
    pattern = re.compile(r'dialogId\("([^"]+)".*?dialogStr\("((?:[^"\\]|\\.)*)"', re.DOTALL)
    for script in sorted(
        packages.glob(f"fillets-ng-data-*/usr/share/games/fillets-ng/script/*/dialogs_{language}.lua")
    ):
        for name, words in pattern.findall(script.read_text(encoding="utf-8", errors="replace")):
            said.setdefault(name, words.replace("\\n", " "))
    return said


def _captions(packages: Path) -> dict[tuple[str, str], str]:
    """Captions of Tux Paint's stamps by stamp and language."""
    said = {}
    for file in sorted(packages.glob("tuxpaint-stamps-default-*/usr/share/tuxpaint/stamps/**/*.txt")):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            found = re.match(r"(\w+)\.utf8=(.*)", line)
            if found:
                said.setdefault((file.stem, found[1]), found[2].strip())
    return said


def texts(corpora: list[Path], packages: Path) -> dict[str, Text]:
    """Texts by clip path. `packages`: where the fetcher unpacked Debian's packages."""
    captions = _captions(packages)
    lines = {"queen": {}, "sky": {}}
    for file in packages.glob("flight-of-the-amazon-queen-*/usr/share/scummvm/*/queen.1c"):
        lines["queen"] = queen_texts(file)
    for file in packages.glob("beneath-a-steel-sky-*/usr/share/scummvm/*/sky.dnr"):
        lines["sky"] = sky_texts(file)
    scripts = {language: _dialogues(packages, language) for language in ("cs", "nl")}
    said = {}
    for row in (row for corpus in corpora for row in _rows(corpus)):
        name, source, language = HASH.sub("", Path(row["path"]).stem), row["source"], row["language"]
        words = row.get("text", "") if source in ENGLISH + OTHERS else ""
        if source == "gcompris-voices" and len(words) == 1 and not words.isdigit():
            words = ""  # letters, whose names the manifest does not spell
        if source in lines:
            words = lines[source].get(name.upper(), "")
        if source.startswith("fillets-"):
            words = scripts[language].get(name, "")
        stamp = re.match(r"(.*)_desc_(\w+)$", name)
        if source == "tuxpaint" and stamp:
            words, language = captions.get(stamp.groups(), ""), stamp[2]
        if words:
            said[row["path"]] = Text("en" if source in (*ENGLISH, *lines) else language, words)
    return said
