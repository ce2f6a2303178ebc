#!/usr/bin/env python3
"""What a render keeps of speech whose borders are known, and how far down the rest is.

Builds programmes from the *valid* split of a corpus (never trained on): sentences, trimmed to their own sound, between
pauses of two to four seconds that hold room tone, noise or music. Renders each with a preset and compares sample by sample.

    pip install numpy soundfile
    python tests/judges/render_kept.py --corpus CORPUS --earmark target/release/earmark --preset podcast
"""

import argparse
import csv
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile as sf

RATE_HZ = 16_000
SENTENCES_PER_PROGRAMME = 20
# A level that counts as the sentence's own sound, below its loudest 10 ms frame.
OWN_SOUND_DB = 35
SPEECH_DBFS = -23
ROOM_TONE_DBFS = -62
# Class and level of what lies between or under the sentences; all of it, or only what nobody sings, cries or talks in.
BEDS = {
    "room tone": ("noise", ROOM_TONE_DBFS),
    "noise between": ("noise", -35),
    "noise between, no voices": ("noise", -35),
    "music between": ("music", -30),
    "music between, no voices": ("music", -30),
    "noise throughout": ("noise", -38),
    "noise throughout, no voices": ("noise", -38),
}
VOICES = ("babble", "cry", "laugh", "cough", "sneez", "anthem", "song")


def clips(corpus, kind, sources=None, voices=True):
    with open(corpus / "manifest.csv", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["class"] == kind and r["split"] == "valid"]
    if not voices:
        rows = [r for r in rows if r["vocals"] != "yes" and not any(word in r["sound"] for word in VOICES)]
    return [corpus / r["path"] for r in rows if sources is None or r["source"] in sources]


def read(path):
    samples, rate_hz = sf.read(path, dtype="float64")
    assert rate_hz == RATE_HZ, path
    return samples


def at_level(samples, dbfs):
    return samples * 10 ** (dbfs / 20) / max(np.sqrt(np.mean(samples**2)), 1e-9)


def sentence(path):
    """The clip from its first to its last own sound; nothing if it holds a pause of its own that is longer than 0.3 s."""
    samples = read(path)
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    own = np.flatnonzero(level > level.max() - OWN_SOUND_DB)
    if len(own) == 0 or len(frames) < 50:
        return None
    return at_level(samples[own[0] * 160 : (own[-1] + 1) * 160], SPEECH_DBFS)


def programme(sentences, bed, bed_dbfs, bed_clips, rng):
    """Samples and the speech stretches in samples."""
    parts, borders, place = [], [], 0
    for spoken in [None, *sentences]:
        if spoken is not None:
            parts.append(spoken)
            borders.append((place, place + len(spoken)))
            place += len(spoken)
        pause = np.zeros(int(rng.uniform(2, 4) * RATE_HZ))
        parts.append(pause)
        place += len(pause)
    samples = np.concatenate(parts)
    under = np.zeros(len(samples))
    if bed != "room tone":
        at = 0
        while at < len(under):
            clip = read(bed_clips[rng.integers(len(bed_clips))])
            clip = at_level(clip, bed_dbfs)[: len(under) - at]
            under[at : at + len(clip)] = clip
            at += len(clip)
    if "between" in bed:
        for start, end in borders:
            under[max(0, start - 1_600) : end + 1_600] = 0
    tone = at_level(rng.normal(size=len(samples)), ROOM_TONE_DBFS)
    return np.clip(samples + under + tone, -1, 1), borders


def tenths(samples):
    """Energy of each tenth of a second."""
    return np.sum(samples[: len(samples) // 1_600 * 1_600].reshape(-1, 1_600) ** 2, axis=1) + 1e-12


def measure(before, after, borders, range_db):
    """Speech energy kept, share of onsets whose first 30 ms are kept, the level of the rest in dB under its own, and the
    share of its time that is down by the range (by 1 dB less at the least)."""
    speech = np.zeros(len(before), bool)
    for start, end in borders:
        speech[start:end] = True
    kept = np.sum(after[speech] ** 2) / np.sum(before[speech] ** 2)
    first = int(0.03 * RATE_HZ)
    onsets = [np.sum(after[s : s + first] ** 2) / np.sum(before[s : s + first] ** 2) > 0.98 for s, _ in borders]
    # A second after speech the gate has had its hold and release.
    far = np.ones(len(before), bool)
    for start, end in borders:
        far[max(0, start - RATE_HZ) : end + RATE_HZ] = False
    down_db = 10 * np.log10((np.sum(after[far] ** 2) + 1e-12) / (np.sum(before[far] ** 2) + 1e-12)) if far.any() else np.nan
    at_range = np.mean(10 * np.log10(tenths(after[far]) / tenths(before[far])) < range_db + 1) if far.any() else np.nan
    return kept, onsets, down_db, at_range


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--corpus", type=Path, required=True)
    options.add_argument("--earmark", required=True)
    options.add_argument("--preset", default="podcast")
    options.add_argument("--range-db", type=float, default=-24, help="of the preset")
    options.add_argument("--programmes", type=int, default=8, help="of each kind")
    options = options.parse_args()
    rng = np.random.default_rng(6)
    spoken = clips(options.corpus, "speech", {"librispeech-clean", "robotutor-en", "robotutor-sw", "asp-audio", "alphanumeric"})
    print(f"{'bed':<28}{'speech s':>9}{'energy kept':>13}{'onsets kept':>13}{'rest, dB':>10}{'at range':>10}")
    for bed, (kind, bed_dbfs) in BEDS.items():
        bed_clips = clips(options.corpus, kind, voices="no voices" not in bed)
        kept, onsets, down, closed, seconds = [], [], [], [], 0.0
        for _ in range(options.programmes):
            picked = [sentence(spoken[i]) for i in rng.choice(len(spoken), SENTENCES_PER_PROGRAMME, replace=False)]
            samples, borders = programme([p for p in picked if p is not None], bed, bed_dbfs, bed_clips, rng)
            with tempfile.TemporaryDirectory() as folder:
                sf.write(f"{folder}/in.wav", samples, RATE_HZ, subtype="PCM_24")
                command = [options.earmark, "--quiet", "render", f"{folder}/in.wav", "-o", f"{folder}/out.wav"]
                subprocess.run([*command, "--preset", options.preset, "--no-dither"], check=True)
                before, after = read(f"{folder}/in.wav"), read(f"{folder}/out.wav")
            share, kept_onsets, down_db, at_range = measure(before, after, borders, options.range_db)
            kept.append(share)
            onsets += kept_onsets
            down.append(down_db)
            closed.append(at_range)
            seconds += sum(end - start for start, end in borders) / RATE_HZ
        print(f"{bed:<28}{seconds:>9.0f}{np.mean(kept):>13.4%}{np.mean(onsets):>13.2%}{np.nanmean(down):>10.1f}{np.nanmean(closed):>10.1%}", flush=True)


if __name__ == "__main__":
    main()
