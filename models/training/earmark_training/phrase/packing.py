"""Puts a phrase pack together: network, bundled negatives, figures, card."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from .. import FRAMES_PER_SECOND
from ..corpus import decode
from ..features import log_mel
from ..ledger import open_test
from ..runtime import PackRuntime
from ..vector_pack import real_time_factor
from . import law, spread, trials, usual
from .bank import Bank, Windows
from .card import write_card
from .export import read_negatives, write_negatives, write_pack
from .network import Phrase

BUNDLED_SOURCES = ("queen", "sky", "librispeech-clean", "speechocean762", "fillets-cs")
BUNDLED_MINUTES = 60.0
"""Of speech whose vectors go with the pack: a profile's false alarms are measured on them."""

SPREAD_SEED = 77


def make(network: Phrase, run: Path, bank: Bank, data: list[dict], said: dict[str, str], folder: Path, version: str,
         recipes: Path, more_negatives: list[Path]) -> None:  # fmt: skip
    """A pack in `folder`, measured on the phrases that chose it."""
    trained = json.loads((run / "run.json").read_text())
    network.set_spread(*spread.fit(network.eval(), Windows(bank, trained["shares"], SPREAD_SEED)))
    parity = write_pack(network, folder, version, data)
    listener = PackRuntime(folder)
    own = bundled(bank, listener)
    unheard = trials.negatives(bank, listener.vectors, features_of(more_negatives))
    limits = usual.limits(bank, said, listener.vectors, unheard, law.unit(law.halved(own).astype(np.float32)))
    write_negatives(folder, own, limits)
    metrics = {
        "model_sha256": listener.pack["model"]["sha256"],
        "parity": parity,
        "rtf": real_time_factor(listener),
        "trained": trained,
        "chosen_on": measure(bank, said, folder, trials.CHOOSING, unheard),
    }
    _write(folder, metrics, recipes)


def test(bank: Bank, said: dict[str, str], folder: Path, recipes: Path, more_negatives: list[Path]) -> None:
    """Measures the finished pack in `folder` on the other phrases, which the ledger opens once for each version."""
    pack = json.loads((folder / "pack.json").read_text())
    before = open_test(recipes / "tested.csv", pack["name"], pack["version"], pack["model"]["sha256"])
    metrics = json.loads((folder / "metrics.json").read_text())
    names = [name for name in trials.SYLLABLES if name not in trials.CHOOSING]
    unheard = trials.negatives(bank, PackRuntime(folder).vectors, features_of(more_negatives))
    metrics["test"] = measure(bank, said, folder, names, unheard)
    metrics["tested_before"] = before
    _write(folder, metrics, recipes)


def bundled(bank: Bank, listener: PackRuntime) -> np.ndarray:
    """Vectors of continuous speech of many speakers of the training side."""
    rows = [c for c in bank.clips if c.source in BUNDLED_SOURCES and c.split == "train"]
    rng, features, frames = np.random.default_rng(1), [], 0
    for number in rng.permutation(len(rows)):
        if frames > BUNDLED_MINUTES * 60 * FRAMES_PER_SECOND:
            break
        features.append(bank.read(rows[number])[0])
        frames += len(features[-1])
    return listener.vectors(np.concatenate(features))


def features_of(folders: list[Path]) -> list[np.ndarray]:
    """Features of all WAV files in some folders."""
    return [log_mel(decode(f).astype(np.float32) / 32768) for d in folders for f in sorted(d.rglob("*.wav"))]


def measure(bank: Bank, said: dict[str, str], folder: Path, names: Iterable[str], unheard: np.ndarray) -> dict:
    """All outcomes of some phrases as `metrics.json` holds them. `unheard`: unit vectors of other speech."""
    listener = PackRuntime(folder)
    own = law.unit(read_negatives(folder))
    hop_s = listener.pack["hop_frames"] / FRAMES_PER_SECOND
    clips = trials.phrase_clips(bank, said)
    outcomes = [
        o for name in names for o in trials.try_phrase(name, clips[name], bank, listener.vectors, unheard, own, hop_s)
    ]
    hours = len(unheard) * hop_s / 3600
    alarms = int(trials.ALARMS_PER_HOUR * hours)
    return {
        "hours_of_negatives": round(hours, 2),
        "alarms_allowed": alarms,
        "alarms_per_hour_interval": [round(x, 3) for x in trials.rate_interval(alarms, hours)],
        "outcomes": [
            {
                "phrase": o.phrase,
                "syllables": trials.SYLLABLES[o.phrase],
                "clips": o.clips,
                "threshold": round(o.threshold, 4),
            }
            | {
                "misses": {
                    snr: [m, n, *(round(x, 4) for x in trials.share_interval(m, n))] for snr, (m, n) in o.misses.items()
                }
            }
            for o in outcomes
        ],
    }


def _write(folder: Path, metrics: dict, recipes: Path) -> None:
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    write_card(folder, recipes)
