"""The network of phrases: its vectors, the map behind them, the pack."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from earmark_training.features import BANDS
from earmark_training.phrase import law, spread
from earmark_training.phrase.export import write_pack
from earmark_training.phrase.network import DIM, Phrase
from earmark_training.runtime import PackRuntime


class Windows:
    """Random speech, and the same with a band of noise."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)

    def batch(self, count: int):
        clean = self.rng.uniform(-60, -20, (count, 400, BANDS)).astype(np.float32)
        noisy = clean.copy()
        noisy[:, :, 20:30] = -15 + self.rng.normal(0, 3, (count, 400, 10))
        return noisy, clean, np.zeros((count, 100), np.int64)


def spread_network(monkeypatch) -> Phrase:
    torch.manual_seed(3)
    monkeypatch.setattr(spread, "BATCHES", 3)
    monkeypatch.setattr(spread, "BATCH", 4)
    network = Phrase().eval()
    network.set_spread(*spread.fit(network, Windows(1)))
    return network


@torch.no_grad()
def test_spread_vectors_have_nothing_in_common_and_noise_moves_them_less(monkeypatch):
    network = spread_network(monkeypatch)
    noisy, clean, _ = (torch.from_numpy(x) for x in Windows(2).batch(6))
    plain = Phrase().eval()
    plain.load_state_dict({k: v for k, v in network.state_dict().items() if not k.startswith("spread")})
    figures = []
    for ear in (plain, network):
        heard, meant = (law.unit(ear.whole(x).numpy().reshape(-1, DIM)) for x in (noisy, clean))
        apart = meant @ meant.T
        others = apart[~np.eye(len(apart), dtype=bool)]
        figures.append((others.mean(), ((heard * meant).sum(1).mean() - others.mean()) / others.std()))
    (common_before, told_before), (common, told) = figures
    assert common_before > 0.5 and abs(common) < 0.15
    assert told > told_before


def test_a_power_of_a_covariance_makes_axes_more_alike(monkeypatch):
    monkeypatch.setattr(spread, "FLOOR", 1e-6)
    scale = np.array([4.0, 1.0, 0.25])
    matrix = spread.inverse_power(np.diag(scale))
    assert np.allclose(np.diag(matrix), scale ** (-spread.POWER / 2)) and np.allclose(matrix, np.diag(np.diag(matrix)))


def test_the_pack_gives_what_the_network_gives(tmp_path, monkeypatch):
    network = spread_network(monkeypatch)
    assert max(write_pack(network, tmp_path / "phrase", "9.9.9", []).values()) < 1e-3
    features = Windows(4).batch(1)[0][0]
    with torch.no_grad():
        wanted = network.whole(torch.from_numpy(features)[None])[0].numpy()
    assert PackRuntime(tmp_path / "phrase").vectors(features) == pytest.approx(wanted, abs=1e-3)
