"""The valid side in brief, for the log of a training: equal error rates by kind of pair, quiet and noisy."""

from __future__ import annotations

import numpy as np
import torch

from ..corpus import Cache
from ..features import log_mel
from . import HOP_FRAMES
from .measure import equal_error_rate
from .network import Voiceprint, pooled
from .roster import Voice
from .trials import KINDS, noises_for, pairs_of, recordings, stretches

BATCH = 64


class Quick:
    """Features of all valid stretches, made once."""

    def __init__(self, cache: Cache, voices: list[Voice]):
        found = stretches(cache, voices, "valid")
        noises = noises_for(cache, "valid", found)
        self.pairs = {kind: pairs_of(found, kind) for kind in KINDS}
        self.sets = {
            name: [self._whole_hops(log_mel(x)) for x in recordings(cache, found, noises, snr_db)]
            for name, snr_db in (("quiet", None), ("10 dB", 10.0))
        }

    @staticmethod
    def _whole_hops(features: np.ndarray) -> np.ndarray:
        return features[: len(features) // HOP_FRAMES * HOP_FRAMES]

    @torch.no_grad()
    def __call__(self, network: Voiceprint) -> dict[str, float]:
        """Equal error rates by a name such as "word 10 dB", and of all pairs together."""
        figures = {}
        for name, features in self.sets.items():
            vectors = torch.empty(len(features), network.shape.dim)
            lengths = np.array([len(f) for f in features])
            for length in np.unique(lengths):
                chosen = np.flatnonzero(lengths == length)
                for part in np.array_split(chosen, -(-len(chosen) // BATCH)):
                    vectors[part] = pooled(network.rows(torch.from_numpy(np.stack([features[k] for k in part]))))
            unit = vectors.numpy()
            all_scores, all_same = [], []
            for kind, pairs in self.pairs.items():
                scores = (unit[pairs.first] * unit[pairs.second]).sum(1)
                figures[f"{kind} {name}"] = equal_error_rate(scores, pairs.same)
                all_scores.append(scores)
                all_same.append(pairs.same)
            figures[f"all {name}"] = equal_error_rate(np.concatenate(all_scores), np.concatenate(all_same))
        return figures
