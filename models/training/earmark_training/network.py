"""The network: strided convolution, a few convolution blocks, a GRU, a per-frame head. All state is explicit.

One step covers `hop_frames` frames. The output row i of a call belongs to input frame i - lookahead_frames; the
look-ahead comes from the first kernel (one hop) and from every centred block (half its kernel). State tensors are
zero at stream start, which is digital silence because features are scaled to (dB + 100) / 30.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import torch
from torch import Tensor, nn

from . import LABELS
from .features import BANDS, PAD_DB

SCALE_DB = 30.0
TYPICAL_DB = -30.0  # a usual band level: only used to centre the first layer at the start of training


@dataclass(frozen=True)
class Block:
    """A convolution at hop rate; `centred` looks as far ahead as back, otherwise it only looks back."""

    kernel: int = 3
    dilation: int = 1
    centred: bool = False
    groups: int = 1

    @property
    def span(self) -> int:
        """Hops of context kept as state."""
        return (self.kernel - 1) * self.dilation

    @property
    def delay(self) -> int:
        """Hops of look-ahead."""
        return self.span // 2 if self.centred else 0


@dataclass(frozen=True)
class Shape:
    """Everything that fixes the graph."""

    hop_frames: int = 4
    first_kernel: int = 8
    channels: int = 128
    blocks: tuple[Block, ...] = (Block(),)
    hidden: int = 144
    recurrent_layers: int = 1

    @property
    def lookahead_frames(self) -> int:
        """Delay of the output in frames."""
        return self.hop_frames * (1 + sum(b.delay for b in self.blocks))

    @staticmethod
    def from_dict(values: dict) -> "Shape":
        """From JSON."""
        values = dict(values)
        values["blocks"] = tuple(Block(**b) for b in values["blocks"])
        return Shape(**values)

    def to_dict(self) -> dict:
        """For JSON."""
        return asdict(self)


SHAPES = {
    "live": Shape(),
    "studio": Shape(blocks=(Block(3, 1, True), Block(3, 3, True), Block(3, 9, True)), hidden=128),
}


@dataclass
class StateSpec:
    """Name and shape of one state tensor."""

    name: str
    shape: list[int] = field(default_factory=list)


class Ear(nn.Module):
    """features [batch, T, 64] and states -> logits [batch, T, 3] and new states."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        channels, hop = shape.channels, shape.hop_frames
        self.first = nn.Conv1d(BANDS, channels, shape.first_kernel, stride=hop)
        self.blocks = nn.ModuleList(
            nn.Conv1d(channels, channels, b.kernel, dilation=b.dilation, groups=b.groups) for b in shape.blocks
        )
        self.gru = nn.GRU(channels, shape.hidden, num_layers=shape.recurrent_layers, batch_first=True)
        self.head = nn.Linear(shape.hidden + channels, hop * len(LABELS))
        with torch.no_grad():
            typical = (TYPICAL_DB - PAD_DB) / SCALE_DB
            self.first.bias -= self.first.weight.sum((1, 2)) * typical

    def state_shapes(self, batch: int = 1) -> list[list[int]]:
        """Shapes of the states in call order."""
        shape = self.shape
        shapes = [[batch, BANDS, shape.first_kernel - shape.hop_frames]]
        shapes += [[batch, shape.channels, b.span] for b in shape.blocks]
        return shapes + [[shape.recurrent_layers, batch, shape.hidden]]

    def zero_states(self, batch: int = 1) -> list[Tensor]:
        """States at stream start."""
        return [torch.zeros(s) for s in self.state_shapes(batch)]

    def forward(self, features: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        """One call of any number of hops."""
        shape = self.shape
        scaled = (features - PAD_DB) * (1.0 / SCALE_DB)
        x = torch.cat([states[0], scaled.transpose(1, 2)], 2)
        new_states = [x[:, :, -states[0].shape[2] :]]
        x = torch.relu(self.first(x))
        for block, conv, state in zip(shape.blocks, self.blocks, states[1:-1]):
            context = torch.cat([state, x], 2)
            new_states.append(context[:, :, -block.span :])
            y = torch.relu(conv(context))
            if block.centred:  # residual, delayed like the convolution's centre
                y = y + context[:, :, block.delay : -block.delay]
            x = y
        x = x.transpose(1, 2)
        remembered, last = self.gru(x, states[-1])
        logits = self.head(torch.cat([remembered, x], 2))
        return logits.reshape(logits.shape[0], -1, len(LABELS)), *new_states, last

    def whole(self, features: Tensor) -> Tensor:
        """Logits aligned with the frames of complete recordings [batch, frames, 64] (frames: multiple of the hop)."""
        delay = self.shape.lookahead_frames
        padding = torch.full((features.shape[0], delay, features.shape[2]), PAD_DB)
        states = self.zero_states(features.shape[0])
        return self.forward(torch.cat([features, padding], 1), *states)[0][:, delay:]


def parameter_count(model: nn.Module) -> int:
    """All trainable values."""
    return sum(p.numel() for p in model.parameters())
