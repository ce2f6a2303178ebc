"""A cheap singer: the spectral envelope of speech driven by a sung (stepped, held, vibrato) pitch.

The same vocoder with a spoken pitch contour makes vocoded speech, so that vocoder traces are no cue for singing.
"""

from __future__ import annotations

import numpy as np
import scipy.fft

from . import RATE_HZ

FFT_SAMPLES = 1024
HOP = 160
LIFTER = 40  # cepstral coefficients that make the envelope


def _frames(samples: np.ndarray) -> np.ndarray:
    padded = np.pad(samples, (FFT_SAMPLES // 2, FFT_SAMPLES))
    views = np.lib.stride_tricks.sliding_window_view(padded, FFT_SAMPLES)[::HOP]
    return scipy.fft.rfft(views * np.hanning(FFT_SAMPLES).astype(np.float32), axis=1)


def _overlap_add(spectra: np.ndarray, length: int) -> np.ndarray:
    frames = scipy.fft.irfft(spectra, FFT_SAMPLES, axis=1) * np.hanning(FFT_SAMPLES).astype(np.float32)
    out = np.zeros(len(frames) * HOP + 2 * FFT_SAMPLES, np.float32)
    for k in range(len(frames)):
        out[k * HOP : k * HOP + FFT_SAMPLES] += frames[k]
    return out[FFT_SAMPLES // 2 : FFT_SAMPLES // 2 + length]


def sung_pitch_hz(frames: int, rng: np.random.Generator) -> np.ndarray:
    """Steps of a scale, held 0.15 to 1 s, short glides, vibrato; one value per 10 ms."""
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12]) if rng.random() < 0.6 else np.array([0, 2, 3, 5, 7, 8, 10, 12])
    base = np.exp(rng.uniform(np.log(90), np.log(420)))
    beat_frames = rng.uniform(15, 60)
    notes, degree = [], int(rng.integers(8))
    while sum(map(len, notes)) < frames:
        degree = int(np.clip(degree + rng.integers(-2, 3), 0, 7))
        notes.append(np.full(max(10, int(beat_frames * rng.choice([0.5, 1, 1, 2, 3]))), scale[degree], np.float32))
    semitones = np.concatenate(notes)[:frames]
    glide = max(1, int(rng.integers(2, 9)))
    semitones = np.convolve(
        np.pad(semitones, (glide, glide), "edge"), np.ones(2 * glide + 1) / (2 * glide + 1), "valid"
    )
    t_s = np.arange(frames) * 0.01
    vibrato = rng.uniform(0.0, 0.8) * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * t_s + rng.uniform(0, 6))
    return base * 2 ** ((semitones + vibrato) / 12)


def spoken_pitch_hz(frames: int, rng: np.random.Generator) -> np.ndarray:
    """A falling, wandering contour as in talk."""
    base = np.exp(rng.uniform(np.log(85), np.log(280)))
    walk = np.convolve(rng.standard_normal(frames + 40), np.hanning(41) / 6.0, "valid")[:frames]
    phrase = rng.uniform(100, 300)
    return base * 2 ** ((2.5 * walk + 4.0 * (0.5 - (np.arange(frames) % phrase) / phrase)) / 12)


def whispered(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Speech without a voice: its spectral envelope, tilted up as breath is, driven by hiss. Same length and rms."""
    spectra = _frames(samples)
    cepstrum = scipy.fft.irfft(np.log(np.abs(spectra) + 1e-6), axis=1)
    cepstrum[:, LIFTER : FFT_SAMPLES - LIFTER] = 0.0
    envelope = scipy.fft.rfft(cepstrum, axis=1).real
    tilt = np.minimum(np.arange(spectra.shape[1]) / 64.0, 1.0) * 1.5 - 1.5  # little below 1 kHz, where the voice was
    hiss = _frames(rng.standard_normal(len(samples), dtype=np.float32))
    count = min(len(hiss), len(envelope))
    out = _overlap_add(hiss[:count] * np.exp(envelope[:count] + tilt), len(samples))
    return (out / (np.sqrt(np.mean(out**2)) + 1e-9) * np.sqrt(np.mean(samples**2))).astype(np.float32)


def revoice(samples: np.ndarray, pitch_hz: np.ndarray, rng: np.random.Generator, stretch: float = 1.0) -> np.ndarray:
    """Speech with another pitch (one value per 10 ms of the OUTPUT), stretched in time by `stretch`."""
    spectra = _frames(samples)
    log_magnitude = np.log(np.abs(spectra) + 1e-6)
    cepstrum = scipy.fft.irfft(log_magnitude, axis=1)
    cepstrum[:, LIFTER : FFT_SAMPLES - LIFTER] = 0.0
    envelope = scipy.fft.rfft(cepstrum, axis=1).real
    low = np.mean(np.abs(spectra[:, 6:64]) ** 2, axis=1)  # about 90 Hz .. 1 kHz
    high = np.mean(np.abs(spectra[:, 192:]) ** 2, axis=1)  # above 3 kHz
    voiced = np.clip(10 * np.log10((low + 1e-9) / (high + 1e-9)) / 12.0, 0.0, 1.0).astype(np.float32)
    frames = len(pitch_hz)
    position = np.minimum(np.arange(frames) / stretch, len(envelope) - 1.001)
    index, part = position.astype(int), (position % 1.0).astype(np.float32)[:, None]
    envelope = envelope[index] * (1 - part) + envelope[index + 1] * part
    voiced = voiced[index][:, None]
    length = frames * HOP
    phase = np.cumsum(np.repeat(pitch_hz, HOP)) / RATE_HZ
    pulses = np.diff(np.floor(phase), prepend=0.0).astype(np.float32) * np.sqrt(
        np.repeat(RATE_HZ / pitch_hz, HOP)
    ).astype(np.float32)
    hiss = rng.standard_normal(length, dtype=np.float32)
    source_voiced, source_hiss = _frames(pulses)[:frames], _frames(hiss)[:frames]
    mixed = voiced * source_voiced + np.sqrt(1 - voiced**2) * source_hiss + 0.03 * source_hiss
    out = _overlap_add(mixed[: len(envelope)] * np.exp(envelope), length)
    return (out / (np.sqrt(np.mean(out**2)) + 1e-9) * (np.sqrt(np.mean(samples**2)) + 1e-9)).astype(np.float32)
