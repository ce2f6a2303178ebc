#!/usr/bin/env python3
"""What `docs/figures.md` shows of other detectors: a few figures from outputs of `earmark eval activity`.

    tests/peers/summary.py EVAL.json… -o models/peers.json

One output for each pack, all of the same folder (`natural.py`) with the same peers. Kept are, for speech, ROC-AUC with its interval
and F1 at 0.5 over all recordings, delay of onsets, silences found, and by group the ROC-AUC or, where nobody speaks, the share of
frames that are called speech.
"""

import argparse
import json
from pathlib import Path


def figures(system):
    """The few figures of one detector."""
    whole = system["all"]
    groups = {}
    for name, group in system["groups"]["group"].items():
        spoken = group["baselines"]["base_rate"] > 0
        groups[name] = {
            "frames": group["frames"],
            "base_rate": group["baselines"]["base_rate"],
            **({"roc_auc": group["roc_auc"]} if spoken else {"called_speech": group["rates"]["false_alarm_rate"]}),
        }
    return {
        "name": system["name"],
        "roc_auc": whole["roc_auc"],
        "interval": [whole["intervals"]["roc_auc"][end] for end in ("low", "high")],
        "f1": whole["rates"]["f1"],
        "onset_p50_ms": whole["onsets"]["p50_ms"],
        "onset_p90_ms": whole["onsets"]["p90_ms"],
        "silences_found": whole["silences"]["any_share"],
        "groups": groups,
    }


def plain(command):
    """A command without the folders of the machine that ran it."""
    short = lambda word: "=".join(Path(part).name if "/" in part else part for part in word.split("="))
    return " ".join(short(word) for word in command)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("evaluations", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    packs, systems, peers = [], [], []
    for path in arguments.evaluations:
        found = json.loads(path.read_text())
        own, *others = found["labels"]["speech"]["systems"]
        packs.append({key: found["pack"][key] for key in ("name", "version", "sha256")})
        packs[-1]["command"] = plain(found["command"])
        systems.append(figures(own))
        others = [figures(other) for other in others]
        if peers and others != peers:
            parser.error(f"{path}: other detectors, or other recordings, than in the first file")
        peers = others
    whole = found["labels"]["speech"]["systems"][0]["all"]
    summary = {
        "what": "tests/peers/summary.py",
        "recordings": found["recordings"],
        "duration_s": found["duration_s"],
        "baselines": whole["baselines"],
        "packs": packs,
        "systems": systems + peers,
    }
    arguments.output.write_text(json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    main()
