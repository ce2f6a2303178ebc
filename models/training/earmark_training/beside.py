"""Other detectors on the same recordings, for the card: from `models/peers.json`, which `tests/peers` writes."""

from __future__ import annotations

import json
from pathlib import Path

from .markdown import number, percent, table

ALONE, OVER = "speech", ("speech-over-music", "speech-over-noise")
WITHOUT = ("singing", "instrumental", "music-other", "noise")
"""Groups of recordings in which nobody speaks."""
HEAD = [
    "detector",
    "ROC-AUC",
    "F1 at 0.5",
    "onsets p50 / p90, ms",
    "silences found",
    "alone",
    "over music",
    "over noise",
]


def beside(pack: dict, model_sha256: str, peers: Path) -> list[str]:
    """The section of a card; nothing where the table was measured with another network than this one."""
    found = json.loads(peers.read_text()) if peers.exists() else {"packs": []}
    packs = {p["name"]: p["sha256"] for p in found["packs"]}
    if packs.get(pack["name"]) != model_sha256:
        return []
    shown = [s for s in found["systems"] if s["name"] not in packs or s["name"] == pack["name"]]
    return [
        "### Beside other detectors\n\n"
        f"{found['recordings']} recordings of the valid side, {found['duration_s'] / 60:.0f} min, "
        f"{percent(found['baselines']['base_rate'])} of the frames speech by word times. Candidates for this pack were "
        "compared on that side; others may have trained on what is in it. Nothing is smoothed, no lag is corrected.\n\n"
        + table(
            [*HEAD, *(f"called speech: {group}" for group in WITHOUT)],
            [_row(system) for system in shown],
        )
    ]


def _row(system: dict) -> list[str]:
    groups, (low, high) = system["groups"], system["interval"]
    return [
        system["name"],
        f"{number(system['roc_auc'], 3)} ({low:.3f} to {high:.3f})",
        number(system["f1"], 3),
        f"{system['onset_p50_ms']:.0f} / {system['onset_p90_ms']:.0f}",
        percent(system["silences_found"]),
        *(number(groups[group]["roc_auc"], 3) for group in (ALONE, *OVER)),
        *(percent(groups[group]["called_speech"]) for group in WITHOUT),
    ]
