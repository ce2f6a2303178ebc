"""The noise pack's network: yardstick, state, export, loss."""

import torch
from torch import nn

from earmark_training.noise import KINDS, PAD_DB
from earmark_training.noise.export import check_parity, write_pack
from earmark_training.noise.network import Gauge, parameter_count
from earmark_training.noise.train import ratio_loss

YARDSTICK_PARAMETERS = 9_232


class SubSpectralNorm(nn.Module):
    """Batch norm of each of five parts of the frequency axis by itself."""

    def __init__(self, channels: int, parts: int = 5):
        super().__init__()
        self.parts, self.norm = parts, nn.BatchNorm2d(channels * parts)

    def forward(self, x):
        batch, channels, bands, frames = x.shape
        x = self.norm(x.reshape(batch, channels * self.parts, bands // self.parts, frames))
        return x.reshape(batch, channels, bands, frames)


class BroadcastedBlock(nn.Module):
    """A block of BC-ResNet: a frequency-depthwise part, and a temporal part on the mean over frequency, broadcast
    back."""

    def __init__(self, inputs: int, outputs: int, dilation: int, stride: int):
        super().__init__()
        self.transition = inputs != outputs or stride > 1
        self.change = (
            nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())
            if inputs != outputs
            else nn.Identity()
        )
        self.frequency = nn.Sequential(
            nn.Conv2d(outputs, outputs, (3, 1), (stride, 1), (1, 0), groups=outputs, bias=False),
            SubSpectralNorm(outputs),
        )
        self.time = nn.Sequential(
            nn.Conv2d(
                outputs, outputs, (1, 3), padding=(0, dilation), dilation=(1, dilation), groups=outputs, bias=False
            ),
            nn.BatchNorm2d(outputs),
            nn.SiLU(),
            nn.Conv2d(outputs, outputs, 1, bias=False),
            nn.Dropout2d(0.1),
        )

    def forward(self, x):
        wide = self.frequency(self.change(x))
        out = wide + self.time(wide.mean(2, keepdim=True))
        return torch.relu(out if self.transition else out + x)


def bc_resnet_1(classes: int = 12) -> nn.Sequential:
    """BC-ResNet with tau = 1 (Kim et al., Interspeech 2021, table 1)."""
    layers: list[nn.Module] = [nn.Conv2d(1, 16, 5, (2, 1), 2, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    inputs = 16
    for outputs, blocks, stride, dilation in ((8, 2, 1, 1), (12, 2, 2, 2), (16, 4, 2, 4), (20, 4, 1, 8)):
        for block in range(blocks):
            layers.append(BroadcastedBlock(inputs, outputs, dilation, stride if block == 0 else 1))
            inputs = outputs
    layers += [
        nn.Conv2d(20, 20, 5, padding=(0, 2), groups=20, bias=False),
        nn.Conv2d(20, 32, 1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Conv2d(32, classes, 1),
    ]
    return nn.Sequential(*layers)


def test_the_yardstick_has_the_published_number_of_parameters():
    model = bc_resnet_1().eval()
    assert model(torch.zeros(1, 1, 40, 101)).shape == (1, 12, 1, 1)
    assert parameter_count(model) == YARDSTICK_PARAMETERS


def with_gain(features, gain_db):
    """What a gain does to features: silence has none."""
    return torch.where(features > PAD_DB, features + gain_db, features)


def test_gain_does_not_matter_whatever_is_silent():
    torch.manual_seed(1)
    model = Gauge().eval()
    features = torch.rand(2, 800, 64) * 40 - 30
    features[:, :120] = PAD_DB  # a late beginning
    features[0, 304:371] = PAD_DB  # a drop-out that cuts steps in two
    features[1, :, 48:] = PAD_DB  # nothing above 4 kHz
    with torch.no_grad():
        plain = model.whole(features)
        for gain_db in (-40.0, -12.0, 12.0):
            moved = model.whole(with_gain(features, gain_db))
            assert (torch.sigmoid(moved) - torch.sigmoid(plain))[..., : len(KINDS) + 1].abs().max() < 1e-4
            assert (moved[:, 12:30, -2:] - plain[:, 12:30, -2:] - gain_db).abs().max() < 0.01


def test_a_drop_out_is_not_taken_for_a_floor():
    torch.manual_seed(6)
    model = Gauge().eval()
    features = torch.rand(1, 400, 64) - 20
    cut = features.clone()
    cut[:, 204:271] = PAD_DB
    with torch.no_grad():
        whole, holed = (model.statistics(f, *model.zero_states()[:2])[0][0] for f in (features, cut))
    bands = model.shape.bands
    lows = slice(3 * bands, 6 * bands)  # over one, three and ten seconds
    assert (whole - holed)[:, lows].abs().max() < 0.05


def test_nothing_looks_ahead_and_steps_equal_the_whole():
    torch.manual_seed(2)
    model = Gauge().eval()
    features = torch.rand(1, 1500, 64) * 60 - 60
    changed = features.clone()
    changed[:, 1000:] = 0.0
    with torch.no_grad():
        whole, other = model.whole(features), model.whole(changed)
        states, rows = model.zero_states(), []
        for start in range(0, 1500, 10):
            row, *states = model(features[:, start : start + 10], *states)
            rows.append(row)
    assert torch.equal(whole[:, :100], other[:, :100]) and not torch.equal(whole[:, 100], other[:, 100])
    assert (torch.cat(rows, 1) - whole).abs().max() < 1e-3


def test_levels_add_up_to_what_is_measured():
    torch.manual_seed(3)
    features = torch.rand(1, 300, 64) * 50 - 40
    model = Gauge().eval()
    with torch.no_grad():
        out = model.whole(features)
        power = model.statistics(features, *model.zero_states()[:2])[1]
    parts = (10 ** (out[..., -2:] / 10)).sum(-1)
    assert torch.allclose(parts, (10 ** (power / 10)).sum(-1), rtol=1e-3)


def test_exported_file_computes_the_same(tmp_path):
    torch.manual_seed(4)
    model = Gauge()
    write_pack(model, tmp_path, "noise", "0.0.0", {}, [])
    assert max(check_parity(model, tmp_path).values()) <= 1e-5


def test_ratios_beyond_the_ends_may_be_any_and_within_them_must_be_right():
    level = lambda snr_db: torch.tensor([[[-20.0, -20.0 - snr_db]] * 50])
    loss = lambda true_db, said_db: float(ratio_loss(level(true_db), level(said_db), 50))
    assert loss(60.0, 45.0) == loss(60.0, 80.0) == 0.0 and loss(60.0, 20.0) > 0.5
    assert loss(-40.0, -30.0) == 0.0 and loss(-40.0, 0.0) > 0.5
    assert loss(10.0, 10.0) < 1e-6 < loss(10.0, 8.0) < loss(10.0, 16.0)
