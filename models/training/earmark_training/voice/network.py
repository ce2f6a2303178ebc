"""The network: strided convolutions, residual convolutions, one weighted vector per hop. All state is explicit.

One hop is four frames (40 ms). Row i of a call belongs to the frames that lie `lookahead_frames` before hop i of that
call. The embedding of an interval is the sum of its rows, scaled to length 1: each row carries its own weight, so that
silence and noise count little. States are zero at stream start, which is digital silence because features are scaled to
(dB + 100) / 30.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from ..features import BANDS, PAD_DB
from ..network import SCALE_DB, TYPICAL_DB, WHITEN_FLOOR
from . import DIM, HOP_FRAMES

STRIDE = 2  # of each of the two strided convolutions
FIRST_KERNEL, SECOND_KERNEL = 6, 4
LOOKAHEAD_FRAMES = 16
"""Frames by which rows lag: what the centred convolutions look ahead (2 + 4 + 8) and half the overlap of the first."""


@dataclass(frozen=True)
class Shape:
    """Everything that fixes the graph."""

    narrow: int = 128  # channels at 20 ms
    wide: int = 256  # channels at 40 ms
    dilations: tuple[int, ...] = (1, 2)  # of the residual convolutions of three taps at 40 ms
    expanded: int = 384
    dim: int = DIM

    @staticmethod
    def from_dict(values: dict) -> Shape:
        """From JSON."""
        return Shape(**{**values, "dilations": tuple(values["dilations"])})

    def to_dict(self) -> dict:
        """For JSON."""
        return asdict(self)


class Voiceprint(nn.Module):
    """features [batch, T, 64] and states -> rows [batch, T / 4, dim] and new states.

    Each convolution is followed by batch normalisation until `fold` makes one affine map of the two. The first one's
    weights live in a basis in which feature patches are white, as in the activity network.
    """

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape, self.folded = shape, False
        self.first = nn.Conv1d(BANDS, shape.narrow, FIRST_KERNEL, stride=STRIDE)
        self.fine = nn.Conv1d(shape.narrow, shape.narrow, 3)
        self.second = nn.Conv1d(shape.narrow, shape.wide, SECOND_KERNEL, stride=STRIDE)
        self.blocks = nn.ModuleList(nn.Conv1d(shape.wide, shape.wide, 3, dilation=d) for d in shape.dilations)
        self.expand = nn.Conv1d(shape.wide, shape.expanded, 1)
        self.norms = nn.ModuleList(nn.BatchNorm1d(conv.out_channels) for conv in self.convolutions())
        self.vector = nn.Linear(shape.expanded, shape.dim)
        self.weight = nn.Linear(shape.expanded, 1)
        patch = BANDS * FIRST_KERNEL
        self.register_buffer("patch_mean", torch.full((patch,), (TYPICAL_DB - PAD_DB) / SCALE_DB))
        self.register_buffer("basis", torch.eye(patch))

    def convolutions(self) -> list[nn.Conv1d]:
        """All of them in the order of the data."""
        return [self.first, self.fine, self.second, *self.blocks, self.expand]

    def set_basis(self, patches: Tensor) -> None:
        """Fits the white basis to feature patches [count, 64 * kernel] (scaled, band-major)."""
        self.patch_mean.copy_(patches.mean(0))
        variances, axes = torch.linalg.eigh(torch.cov((patches - self.patch_mean).T))
        self.basis.copy_((axes / torch.sqrt(variances.clamp(min=0) + WHITEN_FLOOR)).T)

    def _first_layer(self) -> tuple[Tensor, Tensor]:
        """Weight and bias of the first convolution on plain scaled features."""
        weight = self.first.weight.flatten(1) @ self.basis
        return weight.reshape(self.first.weight.shape), self.first.bias - weight @ self.patch_mean

    @torch.no_grad()
    def fold(self) -> None:
        """Puts basis and normalisation into the convolutions for good."""
        weight, bias = self._first_layer()
        self.first.weight.copy_(weight)
        self.first.bias.copy_(bias)
        self.patch_mean.zero_()
        self.basis.copy_(torch.eye(len(self.basis)))
        for conv, norm in zip(self.convolutions(), self.norms, strict=True):
            scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            conv.weight.mul_(scale[:, None, None])
            conv.bias.copy_((conv.bias - norm.running_mean) * scale + norm.bias)
        self.norms = nn.ModuleList(nn.Identity() for _ in self.norms)
        self.folded = True

    def state_shapes(self, batch: int = 1) -> list[list[int]]:
        """Shapes of the states in call order."""
        shape = self.shape
        return [
            [batch, BANDS, FIRST_KERNEL - STRIDE],
            [batch, shape.narrow, 2],
            [batch, shape.narrow, SECOND_KERNEL - STRIDE],
            *[[batch, shape.wide, 2 * d] for d in shape.dilations],
        ]

    def zero_states(self, batch: int = 1) -> list[Tensor]:
        """States at stream start."""
        return [torch.zeros(s) for s in self.state_shapes(batch)]

    def forward(self, features: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        """One call of any number of hops."""
        norms, new_states = iter(self.norms), []

        def with_past(x: Tensor, state: Tensor) -> Tensor:
            joined = torch.cat([state, x], 2)
            new_states.append(joined[:, :, -state.shape[2] :])
            return joined

        scaled = (features - PAD_DB) * (1.0 / SCALE_DB)
        x = with_past(scaled.transpose(1, 2), states[0])
        if self.folded:
            x = self.first(x)
        else:
            with torch.autocast("cpu", enabled=False):  # white directions are small differences of large values
                x = nn.functional.conv1d(x, *self._first_layer(), stride=STRIDE)
        x = torch.relu(next(norms)(x))
        joined = with_past(x, states[1])
        x = torch.relu(next(norms)(self.fine(joined))) + joined[:, :, 1:-1]
        x = torch.relu(next(norms)(self.second(with_past(x, states[2]))))
        for block, dilation, state in zip(self.blocks, self.shape.dilations, states[3:], strict=True):
            joined = with_past(x, state)
            x = torch.relu(next(norms)(block(joined))) + joined[:, :, dilation:-dilation]
        x = torch.relu(next(norms)(self.expand(x))).transpose(1, 2)
        return self.vector(x) * torch.sigmoid(self.weight(x)), *new_states

    def rows(self, features: Tensor) -> Tensor:
        """Rows [batch, frames / 4, dim] aligned with complete recordings [batch, frames, 64] (frames: whole hops)."""
        batch, _, bands = features.shape
        padding = torch.full((batch, LOOKAHEAD_FRAMES, bands), PAD_DB, dtype=features.dtype)
        rows, *_ = self(torch.cat([features, padding], 1), *self.zero_states(batch))
        return rows[:, LOOKAHEAD_FRAMES // HOP_FRAMES :]


def pooled(rows: Tensor, inside: Tensor | None = None) -> Tensor:
    """Embeddings [batch, dim] of rows [batch, hops, dim]; `inside` [batch, hops] is 1 for the hops of the interval."""
    total = rows.sum(1) if inside is None else (rows * inside[:, :, None]).sum(1)
    return nn.functional.normalize(total, dim=1)


def parameter_count(model: nn.Module) -> int:
    """All trainable values."""
    return sum(p.numel() for p in model.parameters())
