#!/usr/bin/env python3
"""Builds what `earmark eval phrase` is asked with, beside other detectors of phrases, from MUSAN-like corpora.

    python tests/peers/phrases.py --corpus CORPUS --corpus MORE --trained models/packs/phrase/trained.txt \\
        --phrase alexa --phrase "smart mirror" --out SET

Corpora have `manifest.csv` (path, class, source, split, text, seconds), as the training project's fetcher makes them.

| folder | what |
|---|---|
| SET/PHRASE/enrol | clips to enrol, as they lie in the corpus |
| SET/PHRASE/said/clean, 10 dB, 0 dB | other clips of it, alone and under noise, with a label file that says where |
| SET/other | speech in which no phrase is said, joined to recordings of ten minutes at most |

A clip is said after two seconds and followed by one and a half of the clip's own floor, as white noise; noise goes
on through all of it. The phrase is the stretch around the clip's loudest frame that is within 20 dB of that, gaps
of up to 250 ms bridged: good to a tenth of a second, the same for all detectors. The ratio is its mean power to
that of the noise. Noise is of the valid split, without babble. Nothing whose SHA-256 `--trained` has, by its first
digits, is used. The same seed gives the same folder.
"""

import argparse
import csv
import hashlib
import random
import shutil
from collections import defaultdict
from pathlib import Path

import numpy as np
import soundfile as sf

from peer import FRAME, RATE_HZ, read_mono

OTHER_SOURCES = ("queen", "drascula", "fillets-nl", "asp-audio", "picovoice-speech-to-intent")
SNRS_DB = {"clean": None, "10 dB": 10.0, "0 dB": 0.0}
BEFORE_S, AFTER_S = 2.0, 1.5
LOUD_RANGE_DB, GAP_FRAMES = 20, 25
FLOOR_SHARE, LEAST_FLOOR_DBFS = 0.1, -80.0
PEAK = 0.99
OTHER_S = 600.0
SEED = 7


def rows_of(corpus):
    with open(corpus / "manifest.csv", newline="", encoding="utf-8") as file:
        return [row | {"file": corpus / row["path"]} for row in csv.DictReader(file)]


def untrained(rows, trained):
    """Those whose hash does not begin as one of `trained` does."""
    lengths = {len(digits) for digits in trained}
    digest = lambda row: hashlib.sha256(row["file"].read_bytes()).hexdigest()
    return [r for r in rows if not any(digest(r)[:length] in trained for length in lengths)]


def frame_power(mono):
    count = len(mono) // FRAME
    return np.mean(mono[: count * FRAME].reshape(count, FRAME) ** 2, axis=1)


def spoken(power, range_db=LOUD_RANGE_DB):
    """First and last frame of the phrase in a clip."""
    level_db = 10 * np.log10(np.maximum(power, 1e-20))
    loudest = int(level_db.argmax())
    loud = np.flatnonzero(level_db > level_db[loudest] - range_db)
    breaks = np.flatnonzero(np.diff(loud) > GAP_FRAMES)
    part = int(np.searchsorted(loud[breaks], loudest))
    stretch = np.split(loud, breaks + 1)[part]
    return stretch[0], stretch[-1]


def staged(mono, rng):
    """The clip between its own floor, first and last sample of the phrase in that, and the power of the phrase."""
    power = frame_power(mono)
    floor = np.sqrt(max(np.quantile(power, FLOOR_SHARE), 10 ** (LEAST_FLOOR_DBFS / 10)))
    quiet = lambda seconds: rng.normal(0.0, floor, round(seconds * RATE_HZ)).astype(np.float32)
    first, last = spoken(power)
    begin = round(BEFORE_S * RATE_HZ)
    whole = np.concatenate([quiet(BEFORE_S), mono, quiet(AFTER_S)])
    return whole, begin + first * FRAME, begin + (last + 1) * FRAME, float(power[first : last + 1].mean())


def under(mono, speech_power, noise, snr_db, rng):
    """The recording with noise added at a ratio, turned down where it would clip."""
    start = rng.integers(0, max(1, len(noise) - len(mono)))
    bed = np.resize(noise[start : start + len(mono)], len(mono))
    gain = np.sqrt(speech_power / (np.mean(bed**2) * 10 ** (snr_db / 10)))
    mixed = mono + gain * bed
    return mixed * min(1.0, PEAK / np.abs(mixed).max())


def say(name, clips, beds, folder, options):
    """Clips of one phrase: some to enrol, some said in each condition."""
    order = random.Random(SEED).sample(clips, len(clips))
    rng = np.random.default_rng(SEED)
    for row in order[: options.enrol]:
        (folder / "enrol").mkdir(parents=True, exist_ok=True)
        shutil.copy(row["file"], folder / "enrol" / row["file"].name)
    tried = order[options.enrol :][: options.trials]
    for number, row in enumerate(tried):
        mono = read_mono(row["file"])
        whole, first, end, power = staged(mono, rng)
        noise = read_mono(beds[rng.integers(len(beds))]["file"])
        for condition, snr_db in SNRS_DB.items():
            samples = whole if snr_db is None else under(whole, power, noise, snr_db, rng)
            target = folder / "said" / condition / f"{number:03}.flac"
            target.parent.mkdir(parents=True, exist_ok=True)
            sf.write(target, samples, RATE_HZ, subtype="PCM_16")
            label = f"phrase:{folder.name}"
            line = f"{first / RATE_HZ:.3f},{end / RATE_HZ:.3f},{label}\n"
            target.with_suffix(".csv").write_text("start,end,label\n" + line)
    print(f"{name}: {min(len(clips), options.enrol)} to enrol, {len(tried)} said")


def other(rows, folder, hours):
    """Speech without the phrases, by source, in recordings of ten minutes."""
    chosen, total_s = defaultdict(list), 0.0
    for row in random.Random(SEED).sample(rows, len(rows)):
        if total_s >= 3600 * hours:
            break
        chosen[row["source"]].append(row)
        total_s += float(row["seconds"])
    folder.mkdir(parents=True, exist_ok=True)
    for source, found in sorted(chosen.items()):
        parts, length, number = [], 0, 0
        for row in [*sorted(found, key=lambda r: r["path"]), None]:
            if row is None or length > OTHER_S * RATE_HZ:
                sf.write(folder / f"{source}-{number:03}.flac", np.concatenate(parts), RATE_HZ, subtype="PCM_16")
                parts, length, number = [], 0, number + 1
            if row is not None:
                parts.append(read_mono(row["file"]))
                length += len(parts[-1])
    by_source = {source: round(sum(float(r["seconds"]) for r in found) / 3600, 2) for source, found in chosen.items()}
    print(f"other speech: {total_s / 3600:.2f} h, {dict(sorted(by_source.items()))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, action="append", required=True)
    parser.add_argument("--trained", type=Path, required=True, help="beginnings of SHA-256 of what is not to be used")
    parser.add_argument("--phrase", action="append", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--enrol", type=int, default=8, help="clips to enrol")
    parser.add_argument("--trials", type=int, default=150, help="clips to try, at most")
    parser.add_argument("--hours", type=float, default=10.0, help="of other speech, at most")
    options = parser.parse_args()
    rows = [row for corpus in options.corpus for row in rows_of(corpus)]
    trained = set(options.trained.read_text().split())
    said = lambda row, name: row["text"].strip().lower() == name
    beds = [r for r in rows if r["class"] == "noise" and r["split"] == "valid" and float(r["seconds"]) > 2.5]
    beds = untrained([r for r in beds if "babble" not in r["sound"]], trained)
    for name in options.phrase:
        clips = [r for r in rows if said(r, name) and not Path(r["path"]).parts[2].endswith("-es")]
        clips = untrained(clips, trained)
        if len(clips) <= options.enrol:
            parser.error(f"{name}: {len(clips)} clips, too few to enrol {options.enrol} and try others")
        say(name, clips, beds, options.out / name.replace(" ", "-"), options)
    speech = [r for r in rows if r["class"] == "speech" and r["source"] in OTHER_SOURCES]
    speech = [r for r in speech if not any(name in r["text"].lower() for name in options.phrase)]
    other(untrained(speech, trained), options.out / "other", options.hours)


if __name__ == "__main__":
    main()
