"""Two numbers fitted on the valid split: how sure the network may be of which power is speech.

The log-odds of every band are scaled and shifted alike, so that the SNR of whole scenes comes out right on voices and
recordings that training did not hear. Both numbers are folded into the last layer.
"""

from __future__ import annotations

import numpy as np
import torch

from .bank import Bank
from .network import LEAST_POWER, PER_DB, Gauge

RANGE_DB = (-8.0, 30.0)
ROUNDS = 60


@torch.no_grad()
def _odds(model: Gauge, valid: Bank) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Log-odds and power of every band of scenes whose true SNR is in range, and that SNR."""
    odds, power, true = [], [], []
    for start in range(0, len(valid), 64):
        target = valid.batch(np.arange(start, min(start + 64, len(valid))))
        x = torch.relu(model.first(target["statistics"]))
        remembered, _ = model.gru(x, torch.zeros(1, len(x), model.shape.hidden))
        speech, noise = (torch.exp(target[n] * PER_DB).sum(1) for n in ("speech_dbfs", "noise_dbfs"))
        ratio = torch.log(speech / noise) / PER_DB
        chosen = (ratio > RANGE_DB[0]) & (ratio < RANGE_DB[1])
        odds.append(model.split(torch.cat([remembered, x], 2))[chosen])
        power.append(torch.exp(target["power_dbfs"] * PER_DB)[chosen]); true.append(ratio[chosen])
    return torch.cat(odds), torch.cat(power), torch.cat(true)


def fit(model: Gauge, valid: Bank) -> dict:
    """Folds the best scale and shift into `model.split`; says what it did."""
    model.eval()
    odds, power, true = _odds(model, valid)

    def error(scale, shift):
        share = torch.sigmoid(odds * scale + shift)
        speech, noise = ((power * s).sum((1, 2)) + LEAST_POWER for s in (share, torch.sigmoid(-odds * scale - shift)))
        return torch.log(speech / noise) / PER_DB - true

    numbers = torch.tensor([0.0, 0.0], requires_grad=True)
    optimiser = torch.optim.Adam([numbers], 0.04)
    with torch.no_grad():
        before = error(1.0, 0.0)
    for _ in range(ROUNDS):
        optimiser.zero_grad()
        error(torch.exp(numbers[0]), numbers[1]).abs().mean().backward()
        optimiser.step()
    with torch.no_grad():
        scale, shift = float(torch.exp(numbers[0])), float(numbers[1])
        after = error(scale, shift)
        model.split.weight.mul_(scale); model.split.bias.mul_(scale).add_(shift)
    return {"scale": scale, "shift": shift, "scenes": len(true), "mae_db_before": float(before.abs().mean()),
            "mae_db_after": float(after.abs().mean()), "bias_db_after": float(after.mean())}
