"""Noises made by rule: kinds that recordings are short of, never the same twice. Each is about rms 1."""

from __future__ import annotations

import numpy as np
import scipy.fft
from scipy.signal import fftconvolve

from . import RATE_HZ


def coloured_noise(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Noise with a random slope (brown to blue) and a random bump, rms 1."""
    length = scipy.fft.next_fast_len(samples, real=True)
    hz = np.maximum(np.arange(length // 2 + 1) * (RATE_HZ / length), 20.0)
    gain = hz ** (-rng.uniform(-0.3, 1.1))
    bump_hz = np.exp(rng.uniform(np.log(80), np.log(6000)))
    gain *= 1.0 + rng.uniform(0, 5) * np.exp(-0.5 * (np.log2(hz / bump_hz) / rng.uniform(0.2, 1.0)) ** 2)
    phase = np.exp(2j * np.pi * rng.random(len(hz), dtype=np.float32))
    return _unit(scipy.fft.irfft(gain * phase, length)[:samples])


def hum(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Mains with harmonics, and hiss: from clearly heard to a bare tone, which is no music."""
    t_s = _times(samples)
    base_hz = rng.choice([50.0, 60.0, 100.0, 120.0]) * rng.uniform(0.98, 1.02)
    out = sum(rng.random() / h * np.sin(2 * np.pi * base_hz * h * t_s + rng.uniform(0, 6)) for h in range(1, 12))
    return out + _log_uniform(rng, 0.002, 0.5) * coloured_noise(samples, rng)


def engine(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Engine or fan: noise pulsed at a slowly drifting rate."""
    rate_hz = _log_uniform(rng, 4, 90) * (1 + 0.1 * np.sin(2 * np.pi * rng.uniform(0.02, 0.3) * _times(samples)))
    pulses = (0.5 + 0.5 * np.cos(2 * np.pi * np.cumsum(rate_hz) / RATE_HZ)) ** rng.uniform(1, 6)
    return coloured_noise(samples, rng) * (rng.uniform(0.05, 0.6) + pulses)


def clicks(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Clicks, keys, drops."""
    out = np.zeros(samples, np.float32)
    for at in np.flatnonzero(rng.random(samples) < rng.uniform(1.0, 15.0) / RATE_HZ):
        length = min(int(rng.uniform(0.003, 0.06) * RATE_HZ), samples - at)
        burst = rng.standard_normal(length) * np.exp(-np.arange(length) / (length / 5 + 1))
        out[at : at + length] += np.convolve(burst, np.ones(rng.integers(1, 8)))[:length] * rng.uniform(0.2, 1)
    return out + 0.01 * coloured_noise(samples, rng)


def alarm(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Beeps and alarms over hiss."""
    t_s = _times(samples)
    period_s, duty = rng.uniform(0.15, 1.5), rng.uniform(0.2, 0.7)
    on = (t_s % period_s) < duty * period_s
    tone_hz = rng.uniform(400, 3500) * np.where((t_s // period_s) % 2, 1.0, rng.choice([1.0, 1.25, 0.8]))
    return on * np.sin(2 * np.pi * np.cumsum(tone_hz) / RATE_HZ) + rng.uniform(0.01, 0.2) * coloured_noise(samples, rng)


def weather(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Wind, surf, traffic: two noises that swell apart from each other, at 0.05 to 2 Hz."""
    out = np.zeros(samples, np.float32)
    for _ in range(2):
        knots = max(2, int(samples / RATE_HZ * _log_uniform(rng, 0.1, 4)))
        swell_db = np.interp(
            np.arange(samples), np.linspace(0, samples, knots + 1), rng.normal(0, rng.uniform(2, 9), knots + 1)
        )
        out += coloured_noise(samples, rng) * 10 ** (swell_db / 20) * rng.uniform(0.3, 1)
    return out


def blows(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Steps, doors, dishes, metal: bodies of a few damped modes, struck again and again."""
    length = int(rng.uniform(0.05, 0.6) * RATE_HZ)
    t_s = _times(length)
    base_hz = _log_uniform(rng, 60, 3000)
    body = np.zeros(length, np.float32)
    for _ in range(rng.integers(2, 9)):
        body += (
            rng.random()
            * np.sin(2 * np.pi * base_hz * rng.uniform(1, 6) * t_s)
            * np.exp(-t_s * _log_uniform(rng, 8, 120))
        )
    strike = rng.standard_normal(length) * np.exp(-t_s * _log_uniform(rng, 40, 600))
    hits = np.zeros(samples, np.float32)
    period, loose = rng.uniform(0.15, 2.0) * RATE_HZ, rng.uniform(0.0, 0.8)
    at = rng.uniform(0, period)
    while at < samples:
        hits[int(at)] = rng.uniform(0.2, 1)
        at += max(400.0, period * (1 + loose * rng.standard_normal()))
    return fftconvolve(hits, _unit(body) + rng.uniform(0.1, 1.5) * _unit(strike))[:samples] + 0.01 * coloured_noise(
        samples, rng
    )


def cries(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Animals and toys: harmonic calls that glide, each call of a beast like its last; one mouth shape, no
    syllables."""
    base_hz, count = _log_uniform(rng, 150, 4000), int(rng.integers(1, 25))
    resonances_hz = [_log_uniform(rng, 400, 6000) for _ in range(rng.integers(1, 4))]
    length_s, glide, rough = _log_uniform(rng, 0.1, 1.5), rng.normal(0, 0.4), rng.uniform(0, 0.5)
    shape = rng.uniform(0.3, 3, 2)
    out = np.zeros(samples, np.float32)
    at, gap_s = rng.uniform(0, 1), _log_uniform(rng, 0.05, 2.0)
    while at * RATE_HZ < samples:
        length = min(int(length_s * rng.uniform(0.8, 1.25) * RATE_HZ), samples - int(at * RATE_HZ))
        if length < 200:
            break
        x = np.arange(length) / length
        pitch_hz = base_hz * rng.uniform(0.95, 1.05) * 2 ** (glide * np.sin(np.pi * x ** shape[0]))
        phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ + rough * np.cumsum(rng.standard_normal(length)) * 0.3
        call = np.zeros(length)
        for h in range(1, min(count, int(7800 / pitch_hz.max())) + 1):
            near = sum(np.exp(-0.5 * (np.log2(h * base_hz / r) / 0.35) ** 2) for r in resonances_hz)
            call += (0.05 + near) / np.sqrt(h) * np.sin(h * phase)
        call = call + rough * rng.standard_normal(length)
        begin = int(at * RATE_HZ)
        out[begin : begin + length] += call * np.sin(np.pi * x ** shape[1]) ** 0.7 * rng.uniform(0.6, 1)
        at += length / RATE_HZ + gap_s * rng.uniform(0.5, 1.6)
    return out + 0.005 * coloured_noise(samples, rng)


def coughs(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Coughs, sneezes, breaths, barks: short bursts of noise through one fixed mouth, a little voice in some."""
    out = np.zeros(samples, np.float32)
    formants_hz = [_log_uniform(rng, 350, 1200), _log_uniform(rng, 1000, 3000), _log_uniform(rng, 2500, 6000)]
    voice, decay, at = rng.uniform(0, 1) ** 2, _log_uniform(rng, 4, 30), rng.uniform(0, 1)
    while at * RATE_HZ < samples:
        for _ in range(rng.integers(1, 4)):
            begin = int(at * RATE_HZ)
            length = min(int(_log_uniform(rng, 0.08, 0.6) * RATE_HZ), samples - begin)
            if length < 400:
                break
            t_s = _times(length)
            source = rng.standard_normal(length)
            source += voice * 6 * ((t_s * _log_uniform(rng, 90, 500)) % 1 < 0.05)
            ring_s = _times(400)
            mouth = sum(
                np.exp(-ring_s * 600) * np.sin(2 * np.pi * f * ring_s) / (i + 1) for i, f in enumerate(formants_hz)
            )
            burst = fftconvolve(source, mouth + 0.2 * (ring_s == 0))[:length]
            out[begin : begin + length] += burst * (1 - np.exp(-t_s * 400)) * np.exp(-t_s * decay)
            at += length / RATE_HZ * rng.uniform(0.5, 1.3)
        at += _log_uniform(rng, 0.2, 4)
    return out + 0.005 * coloured_noise(samples, rng)


MADE = (coloured_noise, hum, hum, engine, clicks, alarm, weather, blows, cries, coughs)
LIVING = (cries, coughs)


def synthetic_noise(samples: int, rng: np.random.Generator, kinds=MADE) -> np.ndarray:
    """One of `kinds`, rms about 1."""
    return _unit(kinds[rng.integers(len(kinds))](samples, rng))


def _unit(samples: np.ndarray) -> np.ndarray:
    return (samples / np.sqrt(np.mean(np.square(samples)) + 1e-9)).astype(np.float32)


def _times(samples: int) -> np.ndarray:
    return np.arange(samples, dtype=np.float32) / RATE_HZ


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
