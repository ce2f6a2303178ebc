"""Command line of the fetcher; see the package's own words."""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import sys
from pathlib import Path

import numpy as np

from .. import RATE_HZ
from ..corpus import CorpusError
from .debian import bring, copyright_of, unpack
from .packages import Package, read_packages
from .phones import spoken_stretches
from .recordings import content_hash, pieces_of, prepared, recordings_of, row_of, write
from .twins import Index, fingerprints_of

LIST = Path(__file__).resolve().parents[2] / "packages.toml"
FIELDS = ("path", "class", "source", "split", "speaker", "language", "text", "vocals", "sound", "seconds", "licence",
          "attribution", "concept", "recording", "bandwidth_hz", "age", "gender", "sha256")  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="earmark_training.fetch", description=__doc__)
    parser.add_argument("--packages", type=Path, default=LIST, help="list of packages (TOML)")
    parser.add_argument("--out", type=Path, required=True, help="corpus folder to make")
    parser.add_argument("--downloads", type=Path, default=None, help="where packages are kept (default: OUT/downloads)")
    parser.add_argument("--only", default="", help="comma-separated packages, instead of all")
    parser.add_argument("--known", type=Path, action="append", default=[], help="corpus of which no twin is taken")
    return parser.parse_args()


def fetch(packages: list[Package], out: Path, downloads: Path, known: Index) -> tuple[list[dict], list[tuple]]:
    """Brings the packages into `out`; the rows of its manifest and of its `alignments.csv`."""
    rows, spoken, seen, used = [], [], set(), set()
    for package in packages:
        folder = unpack(package, bring(package, downloads), downloads)
        terms = copyright_of(folder)
        for one in package.sets:
            taken, twins, doubles = 0, 0, 0
            for recording, found in recordings_of(one, folder):
                samples = prepared(recording.samples, recording.rate_hz)
                if samples is None:
                    continue
                digest = content_hash(samples)
                if digest in seen:
                    doubles += 1
                    continue
                seen.add(digest)
                if one.kind != "speech" and known.has(samples):
                    twins += 1
                    continue
                row = row_of(one, recording, found, terms)
                times = spoken_stretches(folder / one.times.format(**found)) if one.times else []
                for number, piece in enumerate(pieces_of(samples)):
                    stem = f"{recording.name}-{hashlib.sha256(recording.path.encode()).hexdigest()[:6]}"
                    path = f"{one.kind}/{one.source}/{stem}{f'-{number}' if number else ''}.flac"
                    while path in used:
                        path = path.replace(".flac", "+.flac")
                    used.add(path)
                    write(piece, out / path)
                    rows.append({**row, "path": path, "seconds": f"{len(piece) / RATE_HZ:.3f}",
                                 "sha256": hashlib.sha256((out / path).read_bytes()).hexdigest()})  # fmt: skip
                    spoken += [(path, f"{start:.3f}", f"{end:.3f}", "") for start, end in times]
                    taken += 1
            hours = sum(float(r["seconds"]) for r in rows if r["source"] == one.source) / 3600
            print(
                f"{package.name}: {one.source}: {taken} files, {hours:.2f} h; {doubles} doubles, {twins} twins",
                flush=True,
            )
    return rows, spoken


def _write_table(path: Path, header: tuple[str, ...], rows: list[tuple]) -> None:
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    os.replace(partial, path)


def main() -> int:
    """Fetches; 1 and a sentence where something is missing or another than the list says."""
    options = _arguments()
    downloads = options.downloads or options.out / "downloads"
    try:
        packages = read_packages(options.packages)
        only = set(filter(None, options.only.split(",")))
        unknown = only - {p.name for p in packages}
        if unknown:
            raise CorpusError(f"--only names packages that are not listed: {', '.join(sorted(unknown))}")
        known = Index()
        for corpus in options.known:
            for _, words in fingerprints_of(corpus, options.out / "fingerprints"):
                known.add(words)
        rows, spoken = fetch([p for p in packages if not only or p.name in only], options.out, downloads, known)
    except CorpusError as error:
        print(f"earmark_training.fetch: {error}", file=sys.stderr)
        return 1
    table = [tuple(row.get(name, "") for name in FIELDS) for row in sorted(rows, key=lambda r: r["path"])]
    _write_table(options.out / "manifest.csv", FIELDS, table)
    if spoken:
        _write_table(options.out / "alignments.csv", ("path", "start", "end", "word"), sorted(spoken))
    seconds = np.sum([float(r["seconds"]) for r in rows])
    print(f"{options.out / 'manifest.csv'}: {len(rows)} files, {seconds / 3600:.2f} h")
    return 0


if __name__ == "__main__":
    sys.exit(main())
