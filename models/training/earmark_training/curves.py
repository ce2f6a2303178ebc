"""Draws the curves of a pack as small SVG files: ROC, DET, calibration, training."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm

from . import LABELS

COLOURS = {"speech": "#1b6ca8", "singing": "#8a4fa3", "music": "#c4472b", "noise": "#5a7d2a"}
plt.rcParams.update({"svg.fonttype": "none", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})


def _save(figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _thin(values: list[float], points: int = 120) -> np.ndarray:
    return np.asarray(values)[np.linspace(0, len(values) - 1, min(points, len(values))).astype(int)]


def draw(folder: Path, log: Path | None) -> list[str]:
    """Writes `curves/*.svg` beside the pack's `metrics.json`; returns their names."""
    report = json.loads((folder / "metrics.json").read_text())
    out = folder / "curves"
    out.mkdir(exist_ok=True)
    figure, axes = plt.subplots(figsize=(4.2, 3.4))
    for name in LABELS:
        c = report["curves"][name]
        auc = report["mixtures"]["labels"][name]["roc_auc"]
        axes.plot(_thin(c["false_alarm"]), _thin(c["hit"]), color=COLOURS[name], label=f"{name} (AUC {auc:.3f})")
    axes.set(xlabel="false alarms", ylabel="hits", title="ROC, validation mixtures", xlim=(0, 1), ylim=(0, 1.01))
    axes.legend(frameon=False)
    _save(figure, out / "roc.svg")

    figure, axes = plt.subplots(figsize=(4.2, 3.4))
    ticks = [0.001, 0.01, 0.05, 0.2, 0.5, 0.8]
    for name in LABELS:
        c = report["curves"][name]
        x, y = (norm.ppf(np.clip(_thin(v), 5e-4, 0.9)) for v in (c["false_alarm"], list(1 - np.asarray(c["hit"]))))
        axes.plot(x, y, color=COLOURS[name], label=name)
    axes.set_xticks(norm.ppf(ticks), [f"{t:g}" for t in ticks])
    axes.set_yticks(norm.ppf(ticks), [f"{t:g}" for t in ticks])
    axes.set(xlabel="false alarms", ylabel="misses", title="DET, validation mixtures")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    _save(figure, out / "det.svg")

    figure, axes = plt.subplots(figsize=(4.2, 3.4))
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=0.8)
    for name in LABELS:
        points = np.array(report["curves"][name]["calibration"])
        axes.plot(points[:, 0], points[:, 1], "o-", markersize=3, color=COLOURS[name], label=name)
    axes.set(xlabel="score", ylabel="share that is true", title="Calibration, scenes not used to fit it")
    axes.legend(frameon=False)
    _save(figure, out / "calibration.svg")

    names = ["roc.svg", "det.svg", "calibration.svg"]
    if log and log.exists():
        with log.open(newline="") as file:
            rows = list(csv.DictReader(file))
        steps = [int(r["step"]) for r in rows]
        figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.0))
        left.plot(steps, [float(r["train_loss"]) for r in rows], color="#999999", label="train (augmented)")
        left.plot(steps, [float(r["valid_loss"]) for r in rows], color="#222222", label="valid (averaged weights)")
        left.set(xlabel="step", ylabel="loss", title="Loss")
        left.legend(frameon=False)
        for name in LABELS:
            right.plot(steps, [float(r[f"auc_{name}"]) for r in rows], color=COLOURS[name], label=name)
        right.set(xlabel="step", ylabel="ROC-AUC", title="Valid mixtures")
        right.legend(frameon=False)
        _save(figure, out / "training.svg")
        names.append("training.svg")
    return names
