"""The network: strided convolution, a few convolution blocks, a GRU, a per-frame head. All state is explicit.

One step covers `hop_frames` frames. The output row i of a call belongs to input frame i - lookahead_frames; the
look-ahead comes from the first kernel (`Shape.ahead` hops) and from every centred block (half its kernel). State
tensors are zero at stream start, which is digital silence because features are scaled to (dB + 100) / 30.

The studio network is the live one with second thoughts: a refinement (`Shape.refine`) reads what the recurrent part
heard some hundred milliseconds before and after and corrects its logits. Both are trained at once, see `train`;
`without_refinement` takes the live network out of it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace

import torch
from torch import Tensor, nn

from . import LABELS
from .features import BANDS, PAD_DB

SCALE_DB = 30.0
TYPICAL_DB = -30.0  # a usual band level, until a white basis is fitted
WHITEN_FLOOR = 0.01  # variance (3 dB squared, scaled) under which a direction is not blown up


@dataclass(frozen=True)
class Block:
    """A convolution at hop rate; `centred` looks as far ahead as back, otherwise it only looks back.

    Centred blocks add their (delayed) input to their output, others only when `residual` is set.
    """

    kernel: int = 3
    dilation: int = 1
    centred: bool = False
    groups: int = 1
    residual: bool = False

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
    ahead: int = 1  # hops that the first kernel covers behind the one that is judged
    channels: int = 128
    blocks: tuple[Block, ...] = (Block(),)
    hidden: int = 144
    recurrent_layers: int = 1  # 0: convolutions only
    refine: tuple[Block, ...] = ()  # centred blocks behind the recurrent part
    refine_channels: int = 64

    @property
    def trunk_lookahead_frames(self) -> int:
        """Delay of the unrefined output in frames."""
        return self.hop_frames * (self.ahead + sum(b.delay for b in self.blocks))

    @property
    def refine_delay(self) -> int:
        """Hops that the refinement looks ahead."""
        return sum(b.delay for b in self.refine)

    @property
    def lookahead_frames(self) -> int:
        """Delay of the output in frames."""
        return self.trunk_lookahead_frames + self.hop_frames * self.refine_delay

    @staticmethod
    def from_dict(values: dict) -> Shape:
        """From JSON."""
        values = dict(values)
        for name in ("blocks", "refine"):
            values[name] = tuple(b if isinstance(b, Block) else Block(**b) for b in values.get(name, ()))
        return Shape(**values)

    def to_dict(self) -> dict:
        """For JSON."""
        return asdict(self)


SHAPES = {
    "live": Shape(),
    # A frame at a time and never a later one: what is heard is said at once.
    "swift": Shape(
        hop_frames=1,
        first_kernel=4,
        ahead=0,
        channels=64,
        blocks=(Block(3, 1, residual=True), Block(3, 3, residual=True)),
        hidden=96,
    ),
    "studio": Shape(refine=(Block(3, 1, True), Block(3, 3, True), Block(3, 9, True))),
}


@dataclass
class StateSpec:
    """Name and shape of one state tensor."""

    name: str
    shape: list[int] = field(default_factory=list)


class Ear(nn.Module):
    """features [batch, T, 64] and states -> logits [batch, T, labels] and new states.

    While training, the first layer's weights live in a basis in which feature patches are white (mean 0, variance
    about 1, uncorrelated): level, which moves all bands together, would otherwise slow everything else down. The
    basis is linear, so `fold` turns it into an ordinary convolution before export.
    """

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape, self.folded = shape, False
        channels, hop = shape.channels, shape.hop_frames
        self.first = nn.Conv1d(BANDS, channels, shape.first_kernel, stride=hop)
        self.blocks = nn.ModuleList(
            nn.Conv1d(channels, channels, b.kernel, dilation=b.dilation, groups=b.groups) for b in shape.blocks
        )
        self.gru = None
        if shape.recurrent_layers:
            self.gru = nn.GRU(channels, shape.hidden, num_layers=shape.recurrent_layers, batch_first=True)
        heard = (shape.hidden if self.gru else 0) + channels
        self.head = nn.Linear(heard, hop * len(LABELS))
        if shape.refine:
            self.narrow = nn.Conv1d(heard, shape.refine_channels, 1)
            self.refine = nn.ModuleList(
                nn.Conv1d(shape.refine_channels, shape.refine_channels, b.kernel, dilation=b.dilation, groups=b.groups)
                for b in shape.refine
            )
            self.correction = nn.Conv1d(shape.refine_channels, hop * len(LABELS), 1)
            nn.init.zeros_(self.correction.weight)  # the first thought counts until a second one is better
            nn.init.zeros_(self.correction.bias)
        self.dropout = nn.Dropout(0.0)
        patch = BANDS * shape.first_kernel
        self.register_buffer("patch_mean", torch.full((patch,), (TYPICAL_DB - PAD_DB) / SCALE_DB))
        self.register_buffer("basis", torch.eye(patch))

    def set_basis(self, patches: Tensor) -> None:
        """Fits the white basis to feature patches [count, 64 * first_kernel] (scaled, band-major) and restarts layer
        1."""
        self.patch_mean.copy_(patches.mean(0))
        variances, axes = torch.linalg.eigh(torch.cov((patches - self.patch_mean).T))
        self.basis.copy_((axes / torch.sqrt(variances.clamp(min=0) + WHITEN_FLOOR)).T)
        nn.init.kaiming_normal_(self.first.weight, nonlinearity="relu")
        nn.init.zeros_(self.first.bias)

    def first_layer(self) -> tuple[Tensor, Tensor]:
        """Weight and bias of the first convolution on plain scaled features."""
        weight = self.first.weight.flatten(1) @ self.basis
        return weight.reshape(self.first.weight.shape), self.first.bias - weight @ self.patch_mean

    @torch.no_grad()
    def take(self, other: Ear) -> None:
        """The weights of a folded network of the same shape, in the white basis of this one (exact)."""
        own = other.state_dict()
        white = torch.linalg.solve(self.basis.T, other.first.weight.flatten(1).T).T
        own["first.bias"] = other.first.bias + other.first.weight.flatten(1) @ self.patch_mean
        own["first.weight"] = white.reshape(other.first.weight.shape)
        own["basis"], own["patch_mean"] = self.basis.clone(), self.patch_mean.clone()
        self.load_state_dict(own)

    @torch.no_grad()
    def fold(self) -> None:
        """Puts the basis into the first layer for good (exact)."""
        weight, bias = self.first_layer()
        self.first.weight.copy_(weight)
        self.first.bias.copy_(bias)
        self.patch_mean.zero_()
        self.basis.copy_(torch.eye(len(self.basis)))
        self.folded = True

    def _trunk_states(self) -> int:
        return 1 + len(self.shape.blocks) + bool(self.shape.recurrent_layers)

    def state_shapes(self, batch: int = 1) -> list[list[int]]:
        """Shapes of the states in call order."""
        shape = self.shape
        shapes = [[batch, BANDS, shape.first_kernel - shape.hop_frames]]
        shapes += [[batch, shape.channels, b.span] for b in shape.blocks]
        shapes += [[shape.recurrent_layers, batch, shape.hidden]] if shape.recurrent_layers else []
        shapes += [[batch, shape.refine_channels, b.span] for b in shape.refine]
        return shapes + ([[batch, shape.hop_frames * len(LABELS), shape.refine_delay]] if shape.refine else [])

    def zero_states(self, batch: int = 1) -> list[Tensor]:
        """States at stream start."""
        return [torch.zeros(s, device=self.basis.device) for s in self.state_shapes(batch)]

    def _blocks(self, x: Tensor, blocks, convs, states, new_states: list[Tensor]) -> Tensor:
        for block, conv, state in zip(blocks, convs, states, strict=False):
            context = torch.cat([state, x], 2)
            new_states.append(context[:, :, -block.span :])
            y = torch.relu(conv(context))
            if block.centred:  # residual, delayed like the convolution's centre
                y = y + context[:, :, block.delay : -block.delay]
            elif block.residual:
                y = y + x
            x = y
        return x

    def _hear(self, features: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, list[Tensor]]:
        """What the trunk knows at each hop, [batch, hops, hidden + channels], and its new states."""
        shape = self.shape
        scaled = (features - PAD_DB) * (1.0 / SCALE_DB)
        x = torch.cat([states[0], scaled.transpose(1, 2)], 2)
        new_states = [x[:, :, -states[0].shape[2] :]]
        if self.folded:
            x = torch.relu(self.first(x))
        else:
            weight, bias = self.first_layer()
            x = torch.relu(nn.functional.conv1d(x, weight, bias, stride=shape.hop_frames))
        x = self._blocks(x, shape.blocks, self.blocks, states[1:], new_states)
        x = self.dropout(x.transpose(1, 2))
        if self.gru is not None:
            remembered, last = self.gru(x, states[1 + len(shape.blocks)])
            x = torch.cat([self.dropout(remembered), x], 2)
            new_states.append(last)
        return x, new_states

    def _correct(self, heard: Tensor, logits: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, list[Tensor]]:
        """Delayed and corrected logits [batch, hops, hop * labels]."""
        new_states: list[Tensor] = []
        x = torch.relu(self.narrow(heard.transpose(1, 2)))
        x = self._blocks(x, self.shape.refine, self.refine, states, new_states)
        waiting = torch.cat([states[-1], logits.transpose(1, 2)], 2)
        delay = self.shape.refine_delay
        new_states.append(waiting[:, :, -delay:])
        return (waiting[:, :, :-delay] + self.correction(x)).transpose(1, 2), new_states

    def forward(self, features: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        """One call of any number of hops."""
        heard, new_states = self._hear(features, states)
        logits = self.head(heard)
        if self.shape.refine:
            logits, more = self._correct(heard, logits, states[self._trunk_states() :])
            new_states += more
        return logits.reshape(logits.shape[0], -1, len(LABELS)), *new_states

    def whole(self, features: Tensor) -> Tensor:
        """Logits aligned with the frames of complete recordings [batch, frames, 64] (frames: multiple of the hop)."""
        return self.both(features)[-1]

    def both(self, features: Tensor) -> tuple[Tensor, ...]:
        """Like `whole`: the trunk's own logits and, if there is a refinement, the refined ones."""
        shape, batch = self.shape, features.shape[0]
        padding = torch.full((batch, shape.lookahead_frames, features.shape[2]), PAD_DB, device=features.device)
        states = self.zero_states(batch)
        heard, _ = self._hear(torch.cat([features, padding], 1), tuple(states))
        logits = self.head(heard)
        rows = lambda x: x.reshape(batch, -1, len(LABELS))
        first = rows(logits)[:, shape.trunk_lookahead_frames :][:, : features.shape[1]]
        if not shape.refine:
            return (first,)
        refined, _ = self._correct(heard, logits, tuple(states[self._trunk_states() :]))
        return first, rows(refined)[:, shape.lookahead_frames :]

    def without_refinement(self) -> Ear:
        """The trunk with its own head, as a network of its own (weights copied)."""
        plain = Ear(replace(self.shape, refine=()))
        own = plain.state_dict()
        plain.load_state_dict({name: value for name, value in self.state_dict().items() if name in own})
        plain.folded = self.folded
        return plain


def parameter_count(model: nn.Module) -> int:
    """All trainable values."""
    return sum(p.numel() for p in model.parameters())
