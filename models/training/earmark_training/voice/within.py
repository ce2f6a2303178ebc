"""Takes what changes within one voice out of the embedding: within-class covariance normalisation (Hatch and others,
Interspeech 2006), folded into the last layer, so that it costs nothing.

Two stretches of one clip differ by words, loudness and noise, not by voice. Directions in which they differ much are
made short. Clips whose speakers the network was not taught by name are taken, since there it cannot know the answer.
"""

from __future__ import annotations

import numpy as np
import torch

from .draws import Draws
from .network import Voiceprint, pooled

STRETCH_FRAMES = 120
CLIPS = 1500
BATCH = 100
SHARE = 0.2


@torch.no_grad()
def differences(network: Voiceprint, draws: Draws, seed: int = 11) -> torch.Tensor:
    """Within-clip covariance of embeddings: of two stretches of each clip that do not overlap, spoiled apart."""
    rng = np.random.default_rng(seed)
    long_enough = [k for k in draws.unnamed if draws.bank.entries[k].frames >= 2 * STRETCH_FRAMES]
    chosen = rng.choice(long_enough, min(CLIPS, len(long_enough)), replace=False)
    halves: list[list[torch.Tensor]] = [[], []]
    for part in np.array_split(chosen, -(-len(chosen) // BATCH)):
        for which, said in enumerate(halves):
            rows = []
            for k in part:
                entry = draws.bank.entries[k]
                start = entry.start + which * (entry.frames - STRETCH_FRAMES)
                rows.append(draws.bank.rows[start : start + STRETCH_FRAMES].astype(np.float32))
            features = draws.spoil(rng, torch.from_numpy(np.stack(rows)))
            said.append(pooled(network.rows(features)))
    first, second = (torch.cat(said) for said in halves)
    gap = (first - second) / 2**0.5
    return gap.T @ gap / len(gap)


@torch.no_grad()
def compensate(network: Voiceprint, within: torch.Tensor, share: float = SHARE) -> None:
    """Multiplies the last layer by the inverse root of the within-clip covariance, its mean variance mixed in by
    `share`."""
    dim = len(within)
    smooth = (1 - share) * within + share * torch.eye(dim) * within.trace() / dim
    variances, axes = torch.linalg.eigh(smooth)
    change = axes @ torch.diag(variances.rsqrt()) @ axes.T * (within.trace() / dim).sqrt()
    network.vector.weight.copy_(change @ network.vector.weight)
    network.vector.bias.copy_(change @ network.vector.bias)
