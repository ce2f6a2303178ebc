"""The table of sources that training never saw: each held-out source measured alone and mixed with valid audio."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from . import DONT_CARE, LABELS, MUSIC, NOISE, SPEECH
from .calibrate import probabilities
from .corpus import Cache
from .labels import label_speech
from .metrics import describe
from .mixing import Mixer
from .run_folder import load_average
from .sources import ClipBank
from .splits import select

SCENES_PER_SOURCE = 40
KINDS = {
    "speech": ("speech", "speech+music", "speech+noise"),
    "music": ("music", "speech+music", "music+noise"),
    "noise": ("noise", "speech+noise", "music+noise"),
}
LABEL_OF = {"speech": SPEECH, "music": MUSIC, "noise": NOISE}
MAX_CLEAN_SECONDS = 400.0


def report(run: Path, cache: Cache, work: Path, path: Path) -> dict:
    """Measures the run's model on the sources it was trained without; writes JSON."""
    held_out = json.loads((run / "run.json").read_text())["held_out"]
    model = load_average(run)
    rows = []
    for source in held_out:
        own = [c for c in cache.clips if c.source == source]
        kind = own[0].kind
        others = [c for c in select(cache.clips, "valid") if c.kind != kind and c.source not in held_out]
        mixer = Mixer(ClipBank(cache, own + others))
        label = LABEL_OF[kind]
        scores, truth = [], []
        # scenes of the class and as many without it, so that AUC and F1 have both sides
        without = [k for k in ("speech", "music", "noise") if k != kind]
        for i in range(SCENES_PER_SOURCE):
            kinds = KINDS[kind] if i % 2 == 0 else tuple(without)
            scene = mixer.scene(6_000_000_000 + i, kinds[(i // 2) % len(kinds)])
            scores.append(probabilities(model, scene.samples)[:, label])
            truth.append(scene.labels[:, label])
        score, labels = np.concatenate(scores), np.concatenate(truth)
        judged = labels != DONT_CARE
        figures = describe(score[judged], labels[judged] == 1)
        false_speech, recall, seconds = [], [], 0.0
        for clip in own[:: max(1, len(own) // 200)]:
            if seconds > MAX_CLEAN_SECONDS:
                break
            audio = cache.audio(clip)
            seconds += clip.seconds
            said = probabilities(model, audio) >= 0.5
            if kind == "speech":
                on = label_speech(audio).frames[: len(said)] == 1
                recall.append(said[on, SPEECH])
            else:
                false_speech.append(said[:, SPEECH])
                recall.append(said[:, label])
        rows.append(
            {
                "source": source,
                "class": kind,
                "roc_auc": figures["roc_auc"],
                "f1": figures["f1"],
                "base_rate": figures["base_rate"],
                "recall": float(np.concatenate(recall).mean()),
                "false_speech": float(np.concatenate(false_speech).mean()) if false_speech else None,
                "clean_seconds": round(seconds, 1),
            }
        )
        print(rows[-1], flush=True)
    result = {
        "note": f"A network of the same shape trained without these {len(held_out)} sources (run `{run.name}`). "
        "ROC-AUC and F1: "
        f"{SCENES_PER_SOURCE} mixtures per source, half of them with it. Alone: its undisturbed clips.",
        "sources": rows,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
    return result


__all__ = ["LABELS", "report"]
