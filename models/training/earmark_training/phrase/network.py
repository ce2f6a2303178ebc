"""The network: strided convolution and convolution blocks of the ear, without recurrence, and a vector per hop.

No recurrence, because an enrolled clip and the same words in the middle of talk must give the same vectors: what was
said a second before has no part in them.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ..network import Block, Ear, Shape
from .units import UNITS

DIM = 64
CONTEXT_HOPS = (-2, 0, 2)
"""The speech sounds that a vector must tell: 80 ms ago, now and in 80 ms. Neighbours make "ab" differ from "ba"."""
LEAST_SQUARE = 1e-9
"""Of a vector's length: nothing is divided by nothing."""

SHAPE = Shape(
    channels=152,
    blocks=(Block(3, 1, True), Block(3, 1, True), Block(3, 2, False, 1, True), Block(3, 3, False, 1, True)),
    recurrent_layers=0,
)


class Phrase(Ear):
    """features [batch, T, 64] and states -> vectors [batch, T / 4, DIM] and new states."""

    def __init__(self, shape: Shape = SHAPE, dim: int = DIM):
        super().__init__(shape)
        self.head = nn.Linear(shape.channels, dim)
        self.spread: nn.Linear | None = None

    @torch.no_grad()
    def set_spread(self, mean: np.ndarray, matrix: np.ndarray) -> None:
        """From now on vectors are those of length 1 without their `mean` [dim], times `matrix` [dim, dim]."""
        self.spread = nn.Linear(len(mean), len(mean))
        self.spread.weight.copy_(torch.from_numpy(matrix.T))
        self.spread.bias.copy_(torch.from_numpy(-mean @ matrix))

    def _vectors(self, heard: Tensor) -> Tensor:
        vectors = self.head(heard)
        if self.spread is None:
            return vectors
        return self.spread(vectors / torch.sqrt((vectors * vectors).sum(-1, keepdim=True) + LEAST_SQUARE))

    def forward(self, features: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        """One call of any number of hops."""
        heard, new_states = self._hear(features, states)
        return self._vectors(heard), *new_states

    def whole(self, features: Tensor) -> Tensor:
        """Vectors of complete recordings [batch, frames, 64] (frames: a multiple of the hop), row i of hop i."""
        shape, batch = self.shape, features.shape[0]
        tail = torch.full((batch, shape.lookahead_frames, features.shape[2]), -100.0, device=features.device)
        heard, _ = self._hear(torch.cat([features, tail], 1), tuple(self.zero_states(batch)))
        return self._vectors(heard)[:, shape.lookahead_frames // shape.hop_frames :]


class Sounds(nn.Module):
    """What training asks of a vector: the speech sounds around it, by cosine. Dropped at export.

    Cosines, because phrases are compared by cosines; a scale makes probabilities of them (Wang et al., "NormFace:
    L2 Hypersphere Embedding for Face Verification", 2017).
    """

    def __init__(self, dim: int = DIM, scale: float = 18.0):
        super().__init__()
        self.directions = nn.Parameter(torch.randn(len(CONTEXT_HOPS), len(UNITS), dim))
        self.scale = nn.Parameter(torch.tensor(scale))

    def forward(self, vectors: Tensor) -> Tensor:
        """vectors [batch, hops, DIM] -> logits [batch, hops, contexts, units]."""
        unit = nn.functional.normalize(vectors, dim=-1)
        directions = nn.functional.normalize(self.directions, dim=-1)
        return self.scale * torch.einsum("bhd,cud->bhcu", unit, directions)
