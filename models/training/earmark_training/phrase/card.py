"""CARD.md of a phrase pack, from `pack.json`, `metrics.json` and the recipe only."""

from __future__ import annotations

import json
from pathlib import Path

from ..markdown import percent, short, table
from ..recipes import recipe_of

INTENDED = """\
Says how something sounds: a vector every 40 ms, alike for the same speech sounds by whatever voice. Meant for finding
enrolled phrases by comparing sequences of such vectors. It transcribes nothing and knows no words."""

LIMITS = """\
* Short phrases are found badly: three syllables are few, one is hopeless. Say so to whoever chooses the phrase.
* The phrases below are English, said alone, each clip by a voice of its own or by voices that nobody named.
* Noise is mixed on features, not in a room; far microphones were not measured.
* A phrase that sounds like the enrolled one is taken for it: nothing here knows meaning.
* GPL, CC BY-SA and other copyleft recordings are among the data; whether a trained model is a derived work is not
  settled. The talkie games are freeware whose licence asks no fee for the game itself."""


def _outcomes(side: dict) -> str:
    rows = []
    for one in sorted(side["outcomes"], key=lambda o: (-o["syllables"], o["phrase"], -o["clips"])):
        cells = []
        for missed, tried, low, high in one["misses"].values():
            cells.append(f"{percent(missed / tried)} ({100 * low:.0f} to {100 * high:.0f}) of {tried}")
        rows.append([one["phrase"], one["syllables"], one["clips"], *cells])
    ratios = list(side["outcomes"][0]["misses"])
    return table(["phrase", "syllables", "enrolled clips", *(f"missed, {r}" for r in ratios)], rows)


def _side(title: str, side: dict) -> list[str]:
    low, high = side["alarms_per_hour_interval"]
    alarms, hours = side["alarms_allowed"], side["hours_of_negatives"]
    return [
        f"## {title}\n\nMisses at the threshold that {alarms} false alarms in {hours} hours exceed "
        f"(Poisson interval {low} to {high} an hour); the negatives are dialogue, commands, other languages and music "
        "that training never had labels of. In brackets 95 % intervals.",
        _outcomes(side),
    ]


def write_card(folder: Path, recipes: Path) -> None:
    """Writes CARD.md anew."""
    pack = json.loads((folder / "pack.json").read_text())
    metrics = json.loads((folder / "metrics.json").read_text())
    recipe = recipe_of(pack, recipes)
    choice = recipe.values["choice"]
    parts = [
        f"# {pack['name']} {pack['version']}\n\nModel `{short(pack['model']['sha256'])}`, "
        f"{pack['model']['parameters']:,} parameters, {metrics['rtf']} of real time on one core in calls of 40 ms.",
        f"## What it is for\n\n{INTENDED}",
        f"## How it was chosen\n\n{choice['candidates']} candidates compared on {', '.join(choice['compared_on'])}.",
    ]
    if not recipe.reproducible:
        parts.append(f"It cannot be made again to the bit: {' '.join(recipe.values['reason'].split())}")
    if "test" in metrics:
        before = metrics["tested_before"]
        parts += _side("Measured once", metrics["test"])
        parts.append(f"Packs of this name that were measured on these phrases before: {before}.")
        if choice["test_seen"]:
            parts.append("An unfinished network had been looked at on these phrases; nothing was chosen by it.")
    parts += _side("On what it was chosen", metrics["chosen_on"])
    if "limits" in metrics:
        hours, phrases = metrics["limits"]["hours"], ", ".join(metrics["limits"]["phrases"])
        parts.append(
            f"The limits that phrases usually need, which weigh in every profile, are those of {phrases}, enrolled by "
            f"the program, over {hours} hours of dialogue and commands that training never had labels of."
        )
    data = table(["source", "licence", "hours"], [[r["source"], r["licence"], r["hours"]] for r in pack["data"]])
    parts += [f"## Limits\n\n{LIMITS}", f"## Data\n\n{data}\n\nAttributions stand in `pack.json`."]
    (folder / "CARD.md").write_text("\n\n".join(parts) + "\n")
