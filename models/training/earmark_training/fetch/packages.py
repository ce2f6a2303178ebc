"""The list of packages, as `packages.toml` has it, and what each of its files is.

    [[package]]
    name = "fillets-ng-data-cs"          # a Debian package
    version = "1.0.1-1.1"
    sha256 = "…"                         # of the .deb

    [[package.set]]
    source = "fillets-cs"                # one folder of the corpus
    class = "speech"                     # speech, music, noise
    match = 'sound/(?P<scene>[^/]+)/cs/(?P<name>.+)\\.ogg$'      # searched in the file's path, `archive!inner` in
    archives
    group = "{scene}"                    # what stays on one side of the splits; names of `match` may be used
    split = "hash"                       # hash, train, or unheard (valid or test, never train)

`reader` names a container that is read in a way of its own, `exclude` what of `match` is left out, `upstream` the path
by
which the copyright file knows a file, `times` the phone labels of a recording.

Every other key of a set (`speaker`, `recording`, `language`, `vocals`, `sound`, `licence`, `attribution`) fills the
column
of that name; where `licence` or `attribution` is missing the package's copyright file says it, file by file.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from ..corpus import CorpusError

CLASSES = ("speech", "music", "noise")
SPLIT_RULES = ("hash", "train", "unheard")
READERS = ("files", "queen", "drascula", "sky")
COLUMNS = ("speaker", "recording", "language", "vocals", "sound", "licence", "attribution")
HELD_SHARE = 0.1
"""Share of the groups of a `hash` set that goes to valid, and again to test."""


@dataclass(frozen=True)
class Set:
    """Files of one kind in a package."""

    source: str
    kind: str
    match: re.Pattern
    group: str
    split: str
    exclude: re.Pattern | None = None
    reader: str = "files"
    upstream: str = "{path}"
    times: str = ""
    columns: dict[str, str] = field(default_factory=dict)

    def side(self, group: str) -> str:
        """train, valid or test for all files of a group; the same on every machine."""
        digest = hashlib.sha256(f"{self.source}/{group}".encode()).digest()
        place = int.from_bytes(digest[:4], "big") / 2**32
        if self.split == "train":
            return "train"
        if self.split == "unheard":
            return "valid" if place < 0.5 else "test"
        return "valid" if place < HELD_SHARE else "test" if place < 2 * HELD_SHARE else "train"


@dataclass(frozen=True)
class Package:
    """One package and its sets."""

    name: str
    version: str
    sha256: str
    sets: tuple[Set, ...]


def read_packages(path: Path) -> list[Package]:
    """All packages of a list; `CorpusError` names what is wrong with it."""
    try:
        rows = tomllib.loads(Path(path).read_text(encoding="utf-8"))["package"]
        packages = [_package(row) for row in rows]
    except (KeyError, TypeError, tomllib.TOMLDecodeError, re.error) as error:
        raise CorpusError(f"{path}: not a list of packages: {error}") from error
    sources = [s.source for p in packages for s in p.sets]
    for name in {p.name for p in packages if sum(q.name == p.name for q in packages) > 1}:
        raise CorpusError(f"{path}: package {name} is listed twice")
    if not sources:
        raise CorpusError(f"{path}: no sets")
    return packages


def _package(row: dict) -> Package:
    name, digest = row["name"], row["sha256"]
    if not re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", name) or not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise CorpusError(f"package {name!r}: a lower-case package name and 64 hexadecimal digits of sha256 are needed")
    return Package(name, row["version"], digest, tuple(_set(name, s) for s in row["set"]))


def _set(package: str, row: dict) -> Set:
    known = {"source", "class", "match", "exclude", "group", "split", "reader", "upstream", "times", *COLUMNS}
    unknown = set(row) - known
    where = f"package {package}, set {row.get('source', '?')}"
    if unknown:
        raise CorpusError(f"{where}: unknown key {', '.join(sorted(unknown))}")
    for key, allowed in (("class", CLASSES), ("split", SPLIT_RULES), ("reader", READERS)):
        if row.get(key, allowed[0]) not in allowed:
            raise CorpusError(f"{where}: {key} is {row[key]!r}, not one of {', '.join(allowed)}")
    return Set(
        source=row["source"],
        kind=row["class"],
        match=re.compile(row["match"]),
        group=row.get("group", ""),
        split=row.get("split", "hash"),
        exclude=re.compile(row["exclude"]) if "exclude" in row else None,
        reader=row.get("reader", "files"),
        upstream=row.get("upstream", "{path}"),
        times=row.get("times", ""),
        columns={k: str(row[k]) for k in COLUMNS if k in row},
    )
