"""Four numbers fitted on steady scenes of the valid split: how sure the network may be of which power is speech.

The log-odds of every band are scaled and shifted alike, and those of each whole step once more, so that the SNR of
whole
takes comes out right on voices and recordings that training did not hear. The first two are folded into the last layer,
the others are constants of the graph (`Gauge.stretch`).
"""

from __future__ import annotations

import numpy as np
import torch

from .bank import Bank
from .network import LEAST_POWER, PER_DB, Gauge, split_power

RANGE_DB = (-8.0, 30.0)
TAKE_STEPS = (50, 80, 120)
"""Every scene counts as takes of these lengths from its beginning."""
ROUNDS = 150


@torch.no_grad()
def _odds(model: Gauge, steady: Bank) -> tuple[torch.Tensor, torch.Tensor, dict[int, torch.Tensor]]:
    """Log-odds and power of every band and step of the scenes, and their true SNR by length of the take."""
    odds, power, true = [], [], {steps: [] for steps in TAKE_STEPS}
    for start in range(0, len(steady), 64):
        target = steady.batch(np.arange(start, min(start + 64, len(steady))))
        x = torch.relu(model.first(target["statistics"]))
        remembered, _ = model.gru(x, torch.zeros(1, len(x), model.shape.hidden))
        odds.append(model.split(torch.cat([remembered, x], 2)))
        power.append(torch.exp(target["power_dbfs"] * PER_DB))
        for steps, ratios in true.items():
            speech, noise = (torch.exp(target[n][:, :steps] * PER_DB).sum(1) for n in ("speech_dbfs", "noise_dbfs"))
            ratios.append(torch.log(speech / noise) / PER_DB)
    return torch.cat(odds), torch.cat(power), {steps: torch.cat(ratios) for steps, ratios in true.items()}


def fit(model: Gauge, steady: Bank) -> dict:
    """Folds the best numbers into `model`; says what it did."""
    model.eval()
    odds, power, true = _odds(model, steady)

    def errors(scale, shift, stretch, lift):
        speech, noise = split_power(odds * scale + shift, power, stretch, lift)
        out = []
        for steps, ratios in true.items():
            chosen = (ratios > RANGE_DB[0]) & (ratios < RANGE_DB[1])
            said = (
                torch.log((speech[chosen, :steps].sum(1) + LEAST_POWER) / (noise[chosen, :steps].sum(1) + LEAST_POWER))
                / PER_DB
            )
            out.append(said - ratios[chosen])
        return torch.cat(out)

    numbers = torch.zeros(4, requires_grad=True)
    optimiser = torch.optim.Adam([numbers], 0.03)
    with torch.no_grad():
        before = errors(1.0, 0.0, 1.0, 0.0)
    for _ in range(ROUNDS):
        optimiser.zero_grad()
        errors(torch.exp(numbers[0]), numbers[1], torch.exp(numbers[2]), numbers[3]).abs().mean().backward()
        optimiser.step()
    with torch.no_grad():
        scale, shift, stretch, lift = (
            float(torch.exp(numbers[0])),
            float(numbers[1]),
            float(torch.exp(numbers[2])),
            float(numbers[3]),
        )
        after = errors(scale, shift, stretch, lift)
        model.split.weight.mul_(scale)
        model.split.bias.mul_(scale).add_(shift)
        model.stretch = (stretch, lift)
    return {
        "scale": scale,
        "shift": shift,
        "stretch": stretch,
        "lift": lift,
        "takes": len(after),
        "mae_db_before": float(before.abs().mean()),
        "mae_db_after": float(after.abs().mean()),
        "bias_db_after": float(after.mean()),
    }
