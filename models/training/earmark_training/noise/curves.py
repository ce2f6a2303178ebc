"""The pictures of a noise pack, from `metrics.json` and the log of its training only."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt


def draw(folder: Path, log: Path) -> None:
    """`curves/training.svg` and `curves/snr.svg`."""
    (folder / "curves").mkdir(exist_ok=True)
    rows = list(csv.DictReader(log.open()))
    steps = [int(r["step"]) for r in rows]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))
    for name in ("train_noise", "noise"):
        left.plot(steps, [float(r[name]) for r in rows], label={"noise": "valid"}.get(name, "train"))
    left.set(xlabel="step", ylabel="cross-entropy, noise", title="Presence")
    left.legend(frameon=False)
    right.plot(steps, [float(r["snr_mae"]) for r in rows])
    right.set(xlabel="step", ylabel="dB", title="SNR, mean absolute error (valid)")
    figure.tight_layout()
    figure.savefig(folder / "curves" / "training.svg", metadata={"Date": None})
    plt.close(figure)
    by_snr = json.loads((folder / "metrics.json").read_text())["figures"]["by_snr"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))
    x = [r["snr_db"] for r in by_snr]
    left.plot(x, [r["found"] for r in by_snr], "o-", label="called noisy")
    left.plot(x, [r["roc_auc"] for r in by_snr], "s-", label="ROC-AUC")
    left.set(xlabel="SNR, dB", ylim=(0, 1.02), title="Presence by SNR")
    left.legend(frameon=False)
    right.plot(x, [r["error"]["mae_db"] for r in by_snr], "o-", label="mean absolute")
    right.plot(x, [r["error"]["bias_db"] for r in by_snr], "s-", label="bias")
    right.axhline(0, lw=0.5, color="grey")
    right.set(xlabel="SNR, dB", ylabel="dB", title="Error of the SNR")
    right.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(folder / "curves" / "snr.svg", metadata={"Date": None})
    plt.close(figure)
