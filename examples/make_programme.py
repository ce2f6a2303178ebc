#!/usr/bin/env python3
"""Makes programme.flac and programme.truth.csv: a minute of broadcast with exactly known borders.

Speech comes from a packaged synthesiser (flite, three voices), music (plucked strings, bass, drums) and noise (rain, a
fan) are computed here from a fixed seed. Needs: pip install numpy soundfile; apt install flite.

    python examples/make_programme.py            # writes beside itself
"""

import csv
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile as sf

HERE = Path(__file__).parent
RATE_HZ = 24_000
SPEECH_DBFS, RNG = -23.0, np.random.default_rng(20261121)

WELCOME = (
    "slt",
    "Good evening. You are listening to the local news. The council has voted to rebuild the old bridge, "
    "and work will begin in the spring.",
)
OVER_MUSIC = ("rms", "Coming up after the break, we talk to the people who have lived beside the river for fifty years.")
OVER_NOISE = ("awb", "I am standing at the market, and as you can hear, it has not stopped raining since this morning.")
FAREWELL = ("slt", "That was all from us today. Thank you for listening, and good night.")


def seconds(duration_s):
    return int(round(duration_s * RATE_HZ))


def at_level(signal, dbfs):
    return signal * (10 ** (dbfs / 20) / np.sqrt(np.mean(signal**2)))


def resample(signal, rate_hz):
    """Windowed-sinc resampling by FFT; the signal is short."""
    count = int(round(len(signal) * RATE_HZ / rate_hz))
    spectrum = np.fft.rfft(signal)
    out = np.zeros(count // 2 + 1, complex)
    shared = min(len(out), len(spectrum))
    out[:shared] = spectrum[:shared]
    return np.fft.irfft(out, count) * count / len(signal)


def speak(voice, text):
    """Synthesised speech, trimmed to its first and last sound."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", wav.name], check=True)
        signal, rate_hz = sf.read(wav.name)
    signal = resample(signal, rate_hz)
    frame = seconds(0.01)
    loud = np.abs(signal[: len(signal) // frame * frame]).reshape(-1, frame).max(1) > 0.01 * np.abs(signal).max()
    first, last = np.flatnonzero(loud)[[0, -1]]
    return at_level(signal[first * frame : (last + 1) * frame], SPEECH_DBFS)


def pluck(frequency_hz, duration_s, brightness=0.5):
    """A plucked string (Karplus and Strong, 1983)."""
    period = int(round(RATE_HZ / frequency_hz))
    string = RNG.uniform(-1, 1, period)
    out = np.empty(seconds(duration_s))
    for start in range(0, len(out), period):
        part = out[start : start + period]
        part[:] = string[: len(part)]
        string = 0.996 * ((1 - brightness) * string + brightness * np.roll(string, 1))
    return out


def music(duration_s):
    """Four chords of guitar with a bass and a soft kit, 112 beats a minute."""
    beat_s = 60 / 112
    out = np.zeros(seconds(duration_s) + seconds(4))
    chords = [[220.0, 261.6, 329.6], [174.6, 220.0, 261.6], [261.6, 329.6, 392.0], [196.0, 246.9, 293.7]]

    def add(sound, time_s, gain):
        start = seconds(time_s)
        stop = min(len(out), start + len(sound))
        out[start:stop] += gain * sound[: stop - start]

    for index in range(int(duration_s / beat_s) + 1):
        time_s, chord = index * beat_s, chords[index // 4 % 4]
        if index % 4 == 0:
            for string, frequency_hz in enumerate(chord):
                add(pluck(frequency_hz, 2.2), time_s + 0.02 * string, 0.5)
        for half in (0, 0.5):
            melody = chord[int(RNG.integers(3))] * 2
            add(pluck(melody, 0.9, 0.35), time_s + half * beat_s, 0.35)
            hat = RNG.normal(size=seconds(0.06)) * np.exp(-np.linspace(0, 9, seconds(0.06)))
            add(np.diff(hat, prepend=0), time_s + half * beat_s, 0.12)
        add(pluck(chord[0] / 2, 0.5, 0.6), time_s, 0.8)
        t = np.arange(seconds(0.18)) / RATE_HZ
        if index % 2 == 0:
            add(np.sin(2 * np.pi * (50 * t + 8 * (1 - np.exp(-t * 30)))) * np.exp(-t * 22), time_s, 0.9)
        else:
            add(RNG.normal(size=len(t)) * np.exp(-t * 30), time_s, 0.25)
    return at_level(out[: seconds(duration_s)], -24.0)


def rain(duration_s):
    """Drops on a roof over a fan: shaped noise, a hum and random ticks."""
    count = seconds(duration_s)
    spectrum = np.fft.rfft(RNG.normal(size=count))
    frequency_hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    spectrum *= 1 / np.sqrt(1 + (frequency_hz / 2_500) ** 2) * (frequency_hz > 40)
    out = at_level(np.fft.irfft(spectrum, count), -33.0)
    for place in RNG.integers(0, count - 400, int(duration_s * 45)):
        drop = RNG.normal(size=300) * np.exp(-np.linspace(0, 8, 300))
        out[place : place + 300] += drop * 0.05 * RNG.random() ** 3
    t = np.arange(count) / RATE_HZ
    return out + 0.006 * np.sin(2 * np.pi * 100 * t) + 0.003 * np.sin(2 * np.pi * 200 * t + 1)


def faded(signal, fade_s=0.02):
    count = seconds(fade_s)
    ramp = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, count))
    signal = signal.copy()
    signal[:count] *= ramp
    signal[-count:] *= ramp[::-1]
    return signal


def main():
    truth, place_s, programme = [], 0.0, np.zeros(seconds(90))

    def put(signal, start_s, label):
        start = seconds(start_s)
        programme[start : start + len(signal)] += signal
        truth.append((start_s, start_s + len(signal) / RATE_HZ, label))
        return start_s + len(signal) / RATE_HZ

    place_s = put(speak(*WELCOME), 1.0, "speech") + 1.5
    voice = speak(*OVER_MUSIC)
    put(faded(music(14.0 + len(voice) / RATE_HZ)), place_s, "music")
    place_s = put(voice + 0, place_s + 9.0, "speech") + 5.0 + 2.0
    voice = speak(*OVER_NOISE)
    put(faded(rain(9.0 + len(voice) / RATE_HZ)), place_s, "noise")
    place_s = put(voice, place_s + 5.0, "speech") + 4.0 + 1.5
    place_s = put(speak(*FAREWELL), place_s, "speech") + 1.234
    programme = programme[: seconds(place_s)]
    truth.sort()
    # A recording is never digitally silent between words; −84 dBFS is the hiss of a good preamplifier.
    programme += RNG.normal(size=len(programme)) * 10 ** (-84 / 20)
    sf.write(HERE / "programme.flac", programme.astype(np.float32), RATE_HZ, subtype="PCM_16")
    with open(HERE / "programme.truth.csv", "w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["start", "end", "label"])
        rows.writerows((f"{start:.3f}", f"{end:.3f}", label) for start, end, label in truth)


if __name__ == "__main__":
    main()
