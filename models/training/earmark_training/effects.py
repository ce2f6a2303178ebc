"""What happens to sound between a mouth and a file: rooms, band limits, tilt, clipping, codecs. All sample-aligned."""

from __future__ import annotations

import io

import numpy as np
import scipy.fft
import soundfile
from scipy.signal import oaconvolve, resample_poly

from . import RATE_HZ

CODECS = ("mp3", "opus", "vorbis", "gsm", "ulaw", "alaw", "adpcm")
MAX_ROOM_SECONDS = 1.2


def simulated_room(rng: np.random.Generator) -> np.ndarray:
    """An impulse response: direct sound, a few early reflections, a tail that decays faster at high frequency."""
    rt60_s = float(np.exp(rng.uniform(np.log(0.12), np.log(1.5))))
    length = int(min(MAX_ROOM_SECONDS, rt60_s) * RATE_HZ)
    t_s = np.arange(length) / RATE_HZ
    noise = rng.standard_normal(length)
    low = np.convolve(noise, np.ones(12) / 12.0, "same") * 2.0
    high_rt60_s = rt60_s * rng.uniform(0.3, 0.9)
    tail = low * 10 ** (-3 * t_s / rt60_s) + noise * 0.5 * 10 ** (-3 * t_s / high_rt60_s)
    before_tail = int(rng.uniform(0.002, 0.02) * RATE_HZ)
    tail[:before_tail] = 0.0
    response = np.zeros(length, np.float32)
    response[0] = 1.0
    for _ in range(rng.integers(3, 10)):
        at = int(rng.uniform(0.001, 0.05) * RATE_HZ)
        response[at] += rng.uniform(-0.6, 0.6) * 10 ** (-3 * at / RATE_HZ / rt60_s)
    direct_to_tail_db = rng.uniform(-3.0, 18.0)
    tail *= 10 ** (-direct_to_tail_db / 20) / np.sqrt(np.sum(tail**2) + 1e-12)
    return (response + tail).astype(np.float32)


def measured_room(response: np.ndarray) -> np.ndarray:
    """A measured response cut so that its direct sound is sample 0 (labels come from the dry signal)."""
    start = int(np.argmax(np.abs(response)))
    cut = response[start : start + int(MAX_ROOM_SECONDS * RATE_HZ)].copy()
    cut *= np.linspace(1.0, 0.0, len(cut)) ** 0.5
    return (cut / np.sqrt(np.sum(cut**2) + 1e-12)).astype(np.float32)


def reverberate(samples: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Same length and same rms as before."""
    wet = oaconvolve(samples, response)[: len(samples)].astype(np.float32)
    before, after = np.sqrt(np.mean(samples**2) + 1e-12), np.sqrt(np.mean(wet**2) + 1e-12)
    return wet * (before / after)


def shape_spectrum(
    samples: np.ndarray, rng: np.random.Generator, *, tilt: bool, low_hz: float, high_hz: float
) -> np.ndarray:
    """Zero-phase filter: a smooth random EQ and a pass band with steep edges (one FFT for both)."""
    length = scipy.fft.next_fast_len(len(samples) + 512, real=True)
    hz = np.arange(length // 2 + 1) * (RATE_HZ / length)
    gain_db = np.zeros(len(hz), np.float32)
    if tilt:
        knots_hz = np.array([0.0, 100.0, 300.0, 1000.0, 3000.0, 8000.0])
        knots_db = rng.normal(0.0, 3.0, 6) + rng.uniform(-4.0, 4.0) * np.linspace(-1, 1, 6)
        gain_db += np.interp(hz, knots_hz, knots_db).astype(np.float32)
    edge_hz = 80.0
    if low_hz > 0.0:
        gain_db += np.minimum(0.0, (hz - low_hz) / edge_hz * 18.0).clip(-70.0)
    if high_hz < RATE_HZ / 2:
        gain_db += np.minimum(0.0, (high_hz - hz) / edge_hz * 18.0).clip(-70.0)
    spectrum = scipy.fft.rfft(samples, length) * 10 ** (gain_db / 20)
    return scipy.fft.irfft(spectrum, length)[: len(samples)].astype(np.float32)


def random_band(rng: np.random.Generator) -> tuple[float, float]:
    """Pass band: mostly full, else telephone, 4 kHz, 7 kHz or a random low-pass."""
    return [
        (0.0, 8000.0),
        (300.0, 3400.0),
        (0.0, 4000.0),
        (0.0, 7000.0),
        (rng.uniform(0, 150), rng.uniform(3000, 8000)),
    ][rng.choice(5, p=[0.62, 0.10, 0.08, 0.08, 0.12])]


def soft_or_hard_clip(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Clips 3 to 15 dB below the peak."""
    limit = np.max(np.abs(samples)) * 10 ** (-rng.uniform(3.0, 15.0) / 20) + 1e-9
    if rng.random() < 0.5:
        return np.clip(samples, -limit, limit)
    return (limit * np.tanh(samples / limit)).astype(np.float32)


def codec_round_trip(samples: np.ndarray, codec: str, rng: np.random.Generator) -> np.ndarray:
    """Encodes and decodes in memory (libsndfile) and takes the codec's delay back out."""
    peak = float(np.max(np.abs(samples)))
    if peak < 1e-4:
        return samples
    scaled = samples * (0.9 / peak)
    rate_hz = 8000 if codec == "gsm" or (codec in ("ulaw", "alaw", "adpcm") and rng.random() < 0.6) else RATE_HZ
    if rate_hz != RATE_HZ:
        scaled = resample_poly(scaled, 1, 2).astype(np.float32)
    settings = {
        "mp3": dict(format="MP3", subtype="MPEG_LAYER_III", compression_level=float(rng.uniform(0.4, 0.95))),
        "opus": dict(format="OGG", subtype="OPUS", compression_level=float(rng.uniform(0.4, 0.98))),
        "vorbis": dict(format="OGG", subtype="VORBIS", compression_level=float(rng.uniform(0.5, 1.0))),
        "gsm": dict(format="WAV", subtype="GSM610"),
        "ulaw": dict(format="WAV", subtype="ULAW"),
        "alaw": dict(format="WAV", subtype="ALAW"),
        "adpcm": dict(format="WAV", subtype="IMA_ADPCM"),
    }[codec]
    store = io.BytesIO()
    soundfile.write(store, scaled, rate_hz, **settings)
    store.seek(0)
    decoded, decoded_hz = soundfile.read(store, dtype="float32")
    if decoded_hz != RATE_HZ:
        decoded = resample_poly(decoded, RATE_HZ, decoded_hz).astype(np.float32)
    return _align(decoded, samples) * (peak / 0.9)


def telephone(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A line of 300 to 3400 Hz at 8 kHz with noise of its own, in 8-bit \u00b5-law."""
    peak = float(np.max(np.abs(samples)))
    if peak < 1e-4:
        return samples
    narrow = shape_spectrum(samples, rng, tilt=False, low_hz=300.0, high_hz=3400.0)
    level = np.sqrt(np.mean(narrow**2)) * 10 ** (-rng.uniform(15.0, 40.0) / 20)
    line = narrow + (level * rng.standard_normal(len(narrow))).astype(np.float32)
    store = io.BytesIO()
    slow = resample_poly(line * (0.9 / max(float(np.max(np.abs(line))), 1e-9)), 1, 2).astype(np.float32)
    soundfile.write(store, slow, RATE_HZ // 2, format="WAV", subtype="ULAW")
    store.seek(0)
    decoded = resample_poly(soundfile.read(store, dtype="float32")[0], 2, 1).astype(np.float32)
    return decoded[: len(samples)] * peak


def _align(decoded: np.ndarray, original: np.ndarray, reach: int = 2048) -> np.ndarray:
    """Shifts `decoded` to the best lag within +-reach samples of `original`; same length as `original`."""
    middle = slice(0, min(len(original), 65536))
    length = scipy.fft.next_fast_len(2 * 65536 + reach, real=True)
    cross = scipy.fft.irfft(
        scipy.fft.rfft(decoded[middle], length) * np.conj(scipy.fft.rfft(original[middle], length)), length
    )
    lags = np.concatenate([cross[:reach], cross[-reach:]])
    best = int(np.argmax(lags))
    lag = best if best < reach else best - 2 * reach
    out = np.zeros(len(original), np.float32)
    if lag >= 0:
        piece = decoded[lag : lag + len(original)]
        out[: len(piece)] = piece
    else:
        piece = decoded[: len(original) + lag]
        out[-lag : -lag + len(piece)] = piece
    return out
