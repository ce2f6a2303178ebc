#!/usr/bin/env python3
"""Builds a folder of natural recordings with label files from the valid split of a MUSAN-like corpus.

    python tests/peers/natural.py --corpus CORPUS --out FOLDER
    earmark eval activity FOLDER --peer silero=SCORES/silero

The corpus has `manifest.csv` (path, class, source, split, recording, vocals, sound, language, seconds) and
`alignments.csv` (path, start, end, word). Only rows of split `valid` are used, without those that the training project
cuts from it for its test split: packs are compared here, and chosen. Sub-folders of the output are groups;
`manifest.csv` there has the columns file, group, snr_db, language, source, borders.

| group | what | labels |
|---|---|---|
| speech | every clip with word times | speech: words, pauses shorter than 150 ms bridged |
| instrumental | music known to have no vocals | music: where it is loud |
| music-other | music of unknown vocals, without anthems | music: where it is loud |
| singing | music known to have vocals | music: where it is loud |
| noise | noise without babble | noise: where it is loud |
| speech-over-music | speech, and instrumental or other music 5 dB below its words | both |
| speech-over-noise | speech, and noise 5 dB below its words | both |

Word times come from people and aligners and are off in places. `borders` is `confirmed` for a clip of which every word
after 150 ms of silence sets in with a sound within 60 ms, and every such silence lies 20 dB under the voice for half of
its length; otherwise it is `doubtful`. A detector that follows the sound is late or deaf in doubtful clips by decree.

"Where it is loud": 10 ms frames within 45 dB of the clip's loudest and above -60 dBFS, gaps shorter than 300 ms bridged.
The ratio in mixtures is the mean power of the speech inside its words to that of the loud part of the other. The same
seed gives the same folder.
"""

import argparse
import csv
import random
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import soundfile as sf

from peer import FRAME, RATE_HZ, read_mono

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models" / "training"))
from earmark_training.borders import all_confirmed  # noqa: E402  what the packs' cards count by
from earmark_training.corpus import list_clips  # noqa: E402  which rows are valid and not test
from earmark_training.labels import label_speech, spoken_frames  # noqa: E402

WORD_GAP_S, LOUD_GAP_S = 0.15, 0.3
LOUD_RANGE_DB, LOUD_FLOOR_DBFS = 45, -60
MIX_SNR_DB = 5
EXCERPT_S = 15
# Minutes of each group; all of speech is used.
MINUTES = {"instrumental": 4, "music-other": 4, "singing": 3, "noise": 5}
MIX_MINUTES = 5


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def bridged(stretches, gap_s):
    merged = []
    for start, end in sorted(stretches):
        if merged and start - merged[-1][1] < gap_s:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return merged


def loud(samples):
    """Stretches where something is to be heard."""
    count = len(samples) // FRAME
    power = np.mean(samples[: count * FRAME].reshape(count, FRAME) ** 2, axis=1)
    level = 10 * np.log10(np.maximum(power, 1e-20))
    on = level > max(level.max() - LOUD_RANGE_DB, LOUD_FLOOR_DBFS)
    frames = [(k / 100, (k + 1) / 100) for k in np.flatnonzero(on)]
    return bridged(frames, LOUD_GAP_S)


def power_inside(samples, stretches):
    inside = [samples[round(a * RATE_HZ) : round(b * RATE_HZ)] for a, b in stretches]
    return float(np.mean(np.concatenate(inside) ** 2))


def excerpts(rows, minutes, corpus, rng):
    """Clips of different recordings first, each cut to its first 15 s, until there is enough."""
    rows = rows[:]
    rng.shuffle(rows)
    seen = defaultdict(int)
    rows.sort(key=lambda r: seen.update({r["recording"]: seen[r["recording"]] + 1}) or seen[r["recording"]])
    total = 0.0
    for row in rows:
        if total >= 60 * minutes:
            return
        samples = read_mono(corpus / row["path"])[: EXCERPT_S * RATE_HZ]
        total += len(samples) / RATE_HZ
        if len(samples) >= RATE_HZ // 2 and loud(samples):
            yield row, samples


class Folder:
    def __init__(self, path):
        self.path, self.rows = path, []

    def add(self, group, row, samples, labels, snr_db="", borders=""):
        name = f"{group}/{row['source']}-{Path(row['path']).stem}"
        target = self.path / f"{name}.flac"
        target.parent.mkdir(parents=True, exist_ok=True)
        sf.write(target, samples, RATE_HZ, subtype="PCM_16")
        end_s = len(samples) / RATE_HZ
        with open(self.path / f"{name}.csv", "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["start", "end", "label"])
            for label, stretches in labels.items():
                table.writerows([f"{a:.3f}", f"{min(b, end_s):.3f}", label] for a, b in stretches if a < end_s)
        self.rows.append([f"{name}.flac", group, snr_db, row["language"], row["source"], borders])

    def finish(self):
        with open(self.path / "manifest.csv", "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["file", "group", "snr_db", "language", "source", "borders"])
            table.writerows(sorted(self.rows))


def mixed(speech, words, other, heard):
    """Speech with the other sound below it, repeated or cut to the speech's length; never above full scale."""
    gain = np.sqrt(power_inside(speech, words) / power_inside(other, heard) / 10 ** (MIX_SNR_DB / 10))
    below = np.resize(other, len(speech)) * gain
    mixture = speech + below
    return mixture / max(1.0, float(np.abs(mixture).max())), below


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    chosen = {clip.path for clip in list_clips(args.corpus) if clip.split == "valid"}
    valid = [r for r in rows_of(args.corpus / "manifest.csv") if r["path"] in chosen]
    words = defaultdict(list)
    for row in rows_of(args.corpus / "alignments.csv"):
        words[row["path"]].append((float(row["start"]), float(row["end"])))
    music = [r for r in valid if r["class"] == "music"]
    kinds = {
        "instrumental": [r for r in music if r["vocals"] == "no"],
        "music-other": [r for r in music if r["vocals"] == "unknown" and r["source"] != "anthems"],
        "singing": [r for r in music if r["vocals"] == "yes"],
        "noise": [r for r in valid if r["class"] == "noise" and "babble" not in r["sound"]],
    }
    folder = Folder(args.out)
    heard = {}
    for group, rows in kinds.items():
        heard[group] = list(excerpts(rows, MINUTES[group], args.corpus, rng))
        label = "noise" if group == "noise" else "music"
        for row, samples in heard[group]:
            folder.add(group, row, samples, {label: loud(samples)})
    clips = [r for r in valid if r["path"] in words]
    borders = {}
    for row in clips:
        speech = read_mono(args.corpus / row["path"])
        spoken = bridged(words[row["path"]], WORD_GAP_S)
        level_db = label_speech(speech).level_db
        agrees = all_confirmed(spoken_frames(spoken, len(level_db)), level_db)
        borders[row["path"]] = "confirmed" if agrees else "doubtful"
        folder.add("speech", row, speech, {"speech": spoken}, borders=borders[row["path"]])
    below_of = {
        "speech-over-music": ("music", heard["instrumental"] + heard["music-other"]),
        "speech-over-noise": ("noise", heard["noise"]),
    }
    for group, (label, others) in below_of.items():
        rng.shuffle(clips)
        total = 0.0
        for row in clips:
            if total >= 60 * MIX_MINUTES:
                break
            speech = read_mono(args.corpus / row["path"])
            total += len(speech) / RATE_HZ
            spoken = bridged(words[row["path"]], WORD_GAP_S)
            _, other = rng.choice(others)
            mixture, below = mixed(speech, spoken, other, loud(other))
            folder.add(group, row, mixture, {"speech": spoken, label: loud(below)}, MIX_SNR_DB, borders[row["path"]])
    folder.finish()
    print(f"{len(folder.rows)} recordings in {args.out}")


if __name__ == "__main__":
    main()
