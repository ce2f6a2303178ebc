"""Twin of the core's log-mel front end (the "earmark" FeatureSpec), in NumPy (float64 inside,
so that bands 90 dB under the loudest still agree; float32 out).

Frame k is centred on the middle of [k*10 ms, (k+1)*10 ms): Hann(400, periodic) at the start of a 512-point FFT,
hop 160, 120 zeros before the first sample, zeros after the last one, |X|^2, 64 HTK mel bands, 10*log10(max(x, 1e-10)).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft

from . import HOP_SAMPLES, RATE_HZ

WINDOW_SAMPLES = 400
FFT_SAMPLES = 512
PAD_START_SAMPLES = 120
BANDS = 64
LOW_HZ, HIGH_HZ = 50.0, 7600.0
POWER_FLOOR = 1e-10
PAD_DB = -100.0
"""Feature value of digital silence: 10*log10(POWER_FLOOR)."""


def spec(power_floor: float = POWER_FLOOR) -> dict:
    """The FeatureSpec as it stands in `pack.json`."""
    return {
        "rate_hz": RATE_HZ,
        "sample_scale": "unit",
        "pre_emphasis": None,
        "window": {"shape": "hann", "length": WINDOW_SAMPLES, "periodic": True, "placement": "start"},
        "hop": HOP_SAMPLES,
        "n_fft": FFT_SAMPLES,
        "padding": {"zeros": PAD_START_SAMPLES},
        "power_scale": 1.0,
        "mel": {
            "bands": BANDS,
            "low_hz": LOW_HZ,
            "high_hz": HIGH_HZ,
            "scale": "htk",
            "norm": "none",
            "edges_to_bins": False,
        },
        "mfcc": None,
        "log": {"kind": "db", "multiplier": 10.0, "floor": power_floor},
        "top_db": None,
        "window_frames": None,
        "normalise": "none",
    }


def mel_filterbank(bands: int = BANDS, low_hz: float = LOW_HZ, high_hz: float = HIGH_HZ) -> np.ndarray:
    """[bins, bands] float64 triangles on the HTK mel scale, evaluated at the exact bin frequencies."""
    to_mel = lambda hz: 2595.0 * np.log10(1.0 + hz / 700.0)
    edges_hz = 700.0 * (10.0 ** (np.linspace(to_mel(low_hz), to_mel(high_hz), bands + 2) / 2595.0) - 1.0)
    bins_hz = np.arange(FFT_SAMPLES // 2 + 1) * RATE_HZ / FFT_SAMPLES
    left, centre, right = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    rise = (bins_hz[:, None] - left) / (centre - left)
    fall = (right - bins_hz[:, None]) / (right - centre)
    return np.maximum(0.0, np.minimum(rise, fall))


@lru_cache(maxsize=1)
def _tables() -> tuple[np.ndarray, np.ndarray]:
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(WINDOW_SAMPLES) / WINDOW_SAMPLES)
    return window, mel_filterbank()


def frame_count(samples: int) -> int:
    """Frames of a stream: ceil(samples / 160)."""
    return -(-samples // HOP_SAMPLES)


def log_mel(samples: np.ndarray, power_floor: float = POWER_FLOOR) -> np.ndarray:
    """[frames, 64] float32 dB of mono samples in -1..1 at 16 kHz."""
    window, bank = _tables()
    frames = frame_count(len(samples))
    padded = np.zeros(PAD_START_SAMPLES + max(len(samples), frames * HOP_SAMPLES) + WINDOW_SAMPLES, np.float32)
    padded[PAD_START_SAMPLES : PAD_START_SAMPLES + len(samples)] = samples
    views = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::HOP_SAMPLES][:frames]
    spectrum = scipy.fft.rfft(views * window, FFT_SAMPLES, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return (10.0 * np.log10(np.maximum(power @ bank, power_floor))).astype(np.float32)
