"""Random draws for whole batches, on the device on which the batch lies; the same seed gives the same draws there."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


class Draws:
    """A seeded source of batch-wise random tensors."""

    def __init__(self, seed: tuple[int, ...], device: torch.device):
        self.device = device
        self.generator = torch.Generator(device).manual_seed(
            int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> np.uint64(1))
        )

    def uniform(self, shape, low: float, high: float) -> Tensor:
        """Between `low` and `high`."""
        return low + (high - low) * torch.rand(shape, generator=self.generator, device=self.device)

    def integers(self, shape, low: int, high: int) -> Tensor:
        """From `low` to below `high`."""
        return torch.randint(
            low, high, (shape,) if isinstance(shape, int) else shape, generator=self.generator, device=self.device
        )

    def chance(self, count: int, share) -> Tensor:
        """True in `share` (a number, or one for each) of the cases, [count]."""
        return self.uniform(count, 0.0, 1.0) < share

    def curve(self, count: int, spread_db: float, knots: int, points: int) -> Tensor:
        """Smooth random curves [count, points]: normal at equally spaced knots, straight between them."""
        at = spread_db * torch.randn((count, 1, knots), generator=self.generator, device=self.device)
        return torch.nn.functional.interpolate(at, points, mode="linear", align_corners=True)[:, 0]

    def weighted(self, count: int, shares: Tensor) -> Tensor:
        """Indices drawn with probabilities in proportion to `shares`."""
        return torch.multinomial(shares, count, replacement=True, generator=self.generator)

    def one_of(self, marks: Tensor) -> tuple[Tensor, Tensor]:
        """The index of a random True in each row of `marks` [batch, frames], and whether there is one."""
        return (self.uniform(marks.shape, 1e-6, 1.0) * marks).argmax(1), marks.any(1)
