"""Which pack was measured on the test split, and when: once each.

The ledger is a table beside the recipes, one line for each pack and version. It is written before anything is measured,
so that a look at test cannot be taken back: a pack that is changed after the look gets another version, whose card says
how many were measured before it.
"""

from __future__ import annotations

import csv
import datetime
from pathlib import Path

from . import TrainingError

COLUMNS = ("pack", "version", "model_sha256", "date")


class LedgerError(TrainingError):
    """The test split must not be opened for this pack."""


def read(path: Path) -> list[dict[str, str]]:
    """All lines, oldest first; none where there is no ledger yet."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def open_test(path: Path, pack: str, version: str, model_sha256: str) -> int:
    """Notes that test is opened for this model; returns how many other models of the pack were measured before it.

    The same model may be measured again, which gives the same figures; another one of the same version may not.
    """
    lines = read(path)
    own = [line for line in lines if line["pack"] == pack]
    same = [line for line in own if line["version"] == version]
    if any(line["model_sha256"] != model_sha256 for line in same):
        raise LedgerError(
            f"{pack} {version} was measured on test on {same[0]['date']}, with another model file: whatever was "
            f"changed "
            f"since was changed knowing test. Give it a new version ({path.name} keeps count)."
        )
    if not same:
        row = {"pack": pack, "version": version, "model_sha256": model_sha256}
        row["date"] = datetime.date.today().isoformat()
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            if new:
                writer.writeheader()
            writer.writerow(row)
    return sum(line["version"] != version for line in own)
