"""Debian packages: download by the system's own client, hash, unpack, and the licence of each file in them."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from ..corpus import CorpusError
from .packages import Package

ARCHIVES = {".pk3", ".zip"}
BLOCK_BYTES = 1 << 20


def bring(package: Package, downloads: Path) -> Path:
    """The package's file, downloaded unless it is there already; `CorpusError` where it is another than the list
    says."""
    downloads.mkdir(parents=True, exist_ok=True)
    pattern = f"{package.name}_{package.version.replace(':', '%3a')}_*.deb"
    if not list(downloads.glob(pattern)):
        wanted = f"{package.name}={package.version}"
        client = subprocess.run(["apt-get", "download", "-q", wanted], cwd=downloads, capture_output=True, text=True)
        if client.returncode or not list(downloads.glob(pattern)):
            raise CorpusError(f"{wanted}: apt-get cannot download it: {client.stderr.strip() or 'no file came'}")
    file = next(downloads.glob(pattern))
    digest = sha256_of(file)
    if digest != package.sha256:
        raise CorpusError(f"{file.name}: sha256 is {digest}, the list says {package.sha256}; nothing was taken from it")
    return file


def sha256_of(file: Path) -> str:
    """Of a file of any size."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def unpack(package: Package, file: Path, downloads: Path) -> Path:
    """The package's tree, archives within it unpacked beside themselves as `NAME!`; a finished one is kept."""
    folder = downloads / "unpacked" / f"{package.name}-{package.sha256[:12]}"
    if folder.exists():
        return folder
    partial = folder.with_name(folder.name + ".partial")
    partial.mkdir(parents=True, exist_ok=True)
    subprocess.run(["dpkg", "-x", file, partial], check=True)
    for archive in sorted(p for p in partial.rglob("*") if p.suffix in ARCHIVES and p.is_file()):
        _unpack_archive(archive)
    os.rename(partial, folder)
    return folder


def _unpack_archive(archive: Path) -> None:
    target = archive.with_name(archive.name + "!")
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            inside = (target / name).resolve()
            if not inside.is_relative_to(target.resolve()):
                raise CorpusError(f"{archive.name}: holds a file outside of itself, {name!r}")
            opened.extract(name, target)


@dataclass(frozen=True)
class Paragraph:
    """Licence and holders of the files that some patterns name."""

    patterns: tuple[str, ...]
    licence: str
    holders: str


def copyright_of(folder: Path) -> list[Paragraph]:
    """The paragraphs of a machine-readable copyright file, in order; none where it is prose."""
    file = next(folder.glob("usr/share/doc/*/copyright"), None)
    text = file.read_text(encoding="utf-8", errors="replace") if file else ""
    paragraphs = []
    for block in text.split("\n\n"):
        fields = _fields(block)
        if "files" in fields and "license" in fields:
            patterns = tuple(fields["files"].replace(",", " ").split())
            holders = "; ".join(line.strip(" ,") for line in fields.get("copyright", "").splitlines() if line.strip())
            paragraphs.append(Paragraph(patterns, fields["license"].splitlines()[0].strip(), holders))
    return paragraphs


def _fields(block: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        if line[:1].strip() and ":" in line:
            name, _, rest = line.partition(":")
            name = name.lower()
            fields[name] = rest.strip()
        elif name:
            fields[name] += "\n" + line.strip()
    return fields


def terms_of(path: str, paragraphs: list[Paragraph]) -> tuple[str, str]:
    """Licence and holders of a file by its path in the source package: the last paragraph that names it."""
    named = [p for p in paragraphs if any(fnmatch.fnmatchcase(path, pattern) for pattern in p.patterns)]
    if not named:
        raise CorpusError(f"{path}: the copyright file names no licence for it; give one in the list of packages")
    return named[-1].licence, named[-1].holders
