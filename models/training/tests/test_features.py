"""The front-end twin against a plain float64 computation, written a second time from the contract."""

import numpy as np
import pytest

from earmark_training.features import log_mel


def reference(samples: np.ndarray) -> np.ndarray:
    """Slow and plain: one frame, one band at a time, float64."""
    frames = -(-len(samples) // 160)
    padded = np.concatenate([np.zeros(120), samples.astype(np.float64), np.zeros(1000)])
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    mel = lambda hz: 2595 * np.log10(1 + hz / 700)
    edges = [700 * (10 ** (m / 2595) - 1) for m in np.linspace(mel(50.0), mel(7600.0), 66)]
    bins_hz = np.arange(257) * 16000 / 512
    out = np.zeros((frames, 64))
    for k in range(frames):
        buffer = np.zeros(512)
        buffer[:400] = padded[k * 160 : k * 160 + 400] * window
        power = np.abs(np.fft.rfft(buffer)) ** 2
        for band in range(64):
            left, centre, right = edges[band : band + 3]
            weight = np.maximum(0, np.minimum((bins_hz - left) / (centre - left), (right - bins_hz) / (right - centre)))
            out[k, band] = 10 * np.log10(max(float(power @ weight), 1e-10))
    return out


@pytest.mark.parametrize("name", ["sweep", "noise", "silence", "square", "impulse", "short"])
def test_twin_is_within_a_thousandth_of_a_decibel(name):
    rng = np.random.default_rng(1)
    t = np.arange(16000) / 16000
    signal = {
        "sweep": 0.5 * np.sin(2 * np.pi * (50 * t + 3800 * t**2)),
        "noise": 0.1 * rng.standard_normal(16000),
        "silence": np.zeros(1600),
        "square": np.where((t * 440) % 1 < 0.5, 1.0, -1.0),
        "impulse": np.eye(1, 4000, 2000)[0],
        "short": 0.1 * rng.standard_normal(101),
    }[name].astype(np.float32)
    ours, expected = log_mel(signal), reference(signal)
    assert ours.shape == expected.shape
    assert np.abs(ours - expected).max() <= 1e-3
