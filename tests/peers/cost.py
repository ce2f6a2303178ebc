#!/usr/bin/env python3
"""Processor time of `earmark tag` beside what ffmpeg takes to decode and resample alone, in Markdown.

    tests/peers/cost.py [EARMARK] [--seconds 600] [--runs 3]

Each runs on one processor; the least time of the user and the system together counts, which other work on the machine
disturbs little. ffmpeg makes the recordings from `examples/programme.flac`.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KINDS = {
    "WAV, 16 bits": ("w16.wav", ["-c:a", "pcm_s16le"]),
    "WAV, 24 bits": ("w24.wav", ["-c:a", "pcm_s24le"]),
    "WAV, float": ("float.wav", ["-c:a", "pcm_f32le"]),
    "FLAC": ("16.flac", ["-c:a", "flac", "-sample_fmt", "s16"]),
    "MP3": ("a.mp3", ["-c:a", "libmp3lame", "-b:a", "160k"]),
    "AAC": ("a.m4a", ["-c:a", "aac", "-b:a", "160k"]),
    "Vorbis": ("a.ogg", ["-c:a", "libvorbis"]),
    "Opus": ("a.opus", ["-c:a", "libopus"]),
}


def one_processor():
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def cost(command, runs):
    """The least processor time of a command, seconds."""
    times = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=one_processor
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return min(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("earmark", nargs="?", default=ROOT / "target/release/earmark")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print(f"| {arguments.seconds} s, 48 kHz stereo | earmark, all | ffmpeg, decode and resample | ratio |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for kind, (name, codec) in KINDS.items():
            path = str(Path(folder, name))
            source = ["-stream_loop", "-1", "-i", str(ROOT / "examples/programme.flac")]
            form = ["-t", str(arguments.seconds), "-ar", "48000", "-ac", "2"]
            subprocess.run(["ffmpeg", "-v", "error", *source, *form, *codec, path], check=True)
            ours = cost([arguments.earmark, "tag", path], arguments.runs)
            decode = ["-i", path, "-ac", "1", "-ar", "16000", "-f", "f32le", "-y", "/dev/null"]
            theirs = cost(["ffmpeg", "-threads", "1", *decode], arguments.runs)
            print(f"| {kind} | {ours:.2f} s | {theirs:.2f} s | {ours / theirs:.2f} |", flush=True)
            os.remove(path)


if __name__ == "__main__":
    sys.exit(main())
