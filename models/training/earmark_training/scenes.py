"""The scenes of some shards as tensors on the device that trains."""

from __future__ import annotations

import torch
from torch import Tensor

from .shards import Shards


class Scenes:
    """The scenes of some shards as tensors on a device: read from disk when they are asked for or, for a GPU, held in
    its memory."""

    def __init__(self, shards: Shards, device: torch.device, hold: bool | None = None):
        self.shards, self.device = shards, device
        self.held: tuple[Tensor, Tensor] | None = None
        if device.type != "cpu" if hold is None else hold:
            # a shard at a time: a file is read once, and no second copy of everything is made on the way
            chosen: list[list[int]] = [[] for _ in shards.features]
            for shard, scene in shards.place:
                chosen[shard].append(scene)
            load = lambda arrays: torch.cat(
                [torch.from_numpy(a[c]).to(device) for a, c in zip(arrays, chosen, strict=True) if c]
            )
            self.held = load(shards.features), load(shards.labels)

    @property
    def about(self) -> list[dict]:
        """How each scene was made."""
        return self.shards.about

    def __len__(self) -> int:
        return len(self.shards)

    def batch(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Features float32 [batch, frames, 64] and targets uint8 [batch, frames, labels]."""
        if self.held is not None:
            return self.held[0][indices].float(), self.held[1][indices]
        features, labels = self.shards.batch(indices.numpy())
        return torch.from_numpy(features), torch.from_numpy(labels)
