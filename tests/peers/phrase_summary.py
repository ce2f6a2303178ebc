#!/usr/bin/env python3
"""What `docs/phrases.md` shows of other detectors: a few figures from outputs of `earmark eval phrase --peer`.

    tests/peers/phrase_summary.py EVAL.json… -o models/peers-phrase.json

One output for each phrase and number of enrolled clips. Kept are, for each detector, its limit, the false alarms at
it, the misses by condition at the limit and at each rate of false alarms, the delay, and the corners of the DET
curve.
"""

import argparse
import json
from pathlib import Path

from summary import plain

DIGITS = 6


def rounded(value):
    """Numbers with as many digits as matter, in anything."""
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, list):
        return [rounded(one) for one in value]
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return value


def system(name, figures, corners):
    """One detector; its groups by name, all together as `all`."""
    group = lambda g: {
        "sayings": g["sayings"],
        "miss_at_limit": g["miss_at_limit"],
        "miss_at": {f"{rate:g}": miss for rate, miss in g["miss_at"]},
        "delay_s": g["delay_s"],
    }
    return {
        "name": name,
        "limit": figures["limit"],
        "false_alarms": figures["false_alarms"],
        "false_alarms_per_hour": figures["false_alarms_per_hour"],
        "groups": {g["group"] or "all": group(g) for g in figures["groups"]},
        "miss_by_false_alarms_per_hour": corners,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("evaluations", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    pack, rows = None, []
    for path in arguments.evaluations:
        found = json.loads(path.read_text())
        if pack not in (None, found["pack"]):
            parser.error(f"{path}: another pack than in the first file")
        pack = found["pack"]
        corners = "miss_by_false_alarms_per_hour"
        own = system("earmark", found["figures"], found[corners])
        peers = [system(peer["name"], peer["figures"], peer[corners]) for peer in found["peers"]]
        rows.append(
            {
                "phrase": found["phrase"],
                "clips": found["clips"],
                "hours": found["figures"]["negative_hours"],
                "command": plain(found["command"]),
                "systems": [own, *peers],
            }
        )
    summary = {"what": "tests/peers/phrase_summary.py", "pack": pack, "phrases": rounded(rows)}
    arguments.output.write_text(json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    main()
