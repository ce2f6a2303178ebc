#!/usr/bin/env python3
"""Speed of Earmark's wheel beside the package `silero-vad`, on the same recordings in one run.

    pip install silero-vad==6.2.3 soundfile ./python       # brings torch
    python tests/peers/silero_speed.py FOLDER

Both are asked for the same with their function of the same name, `get_speech_timestamps`, on samples at 16 kHz that are in
memory already. Each system hears all recordings in a process of its own, in turn, so that neither has the machine
to itself; the processor's time counts (user and system, all threads), not the clock, and the best of the turns. The time of
an import is the same measure for a fresh interpreter that imports the package and loads its model.
"""

import argparse
import json
import os
import subprocess
import sys

SYSTEMS = {
    "earmark": "from earmark.silero import load_silero_vad, get_speech_timestamps\nmodel = load_silero_vad()",
    "silero-vad (torch)": "from silero_vad import load_silero_vad, get_speech_timestamps\nmodel = load_silero_vad()",
    "silero-vad (onnx)": "from silero_vad import load_silero_vad, get_speech_timestamps\nmodel = load_silero_vad(onnx=True)",
}
TURNS = 2

# A process that has nothing to do with the other: its time before and after the import, and after hearing.
HEAR = """
import json, os, sys
def spent():
    times = os.times()
    return times.user + times.system
begun = spent()
{load}
loaded = spent()
import numpy
files = numpy.load(sys.argv[1])
samples = [files[name] for name in files]
if "torch" in sys.modules:
    samples = [sys.modules["torch"].from_numpy(array) for array in samples]
ready = spent()
found = [get_speech_timestamps(array, model, sampling_rate=16_000) for array in samples]
speech = sum(span["end"] - span["start"] for spans in found for span in spans) / 16_000
print(json.dumps(dict(load=loaded - begun, hear=spent() - ready, speech=speech)))
"""


def turn(load, samples):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", HEAR.format(load=load), samples]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main():
    import tempfile
    from pathlib import Path

    import numpy

    from earmark.silero import read_audio

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    recordings = {str(n): read_audio(path) for n, path in enumerate(sorted(folder.iterdir())) if path.is_file()}
    seconds = sum(map(len, recordings.values())) / 16_000
    print(f"{len(recordings)} recordings, {seconds:.0f} s")
    with tempfile.TemporaryDirectory() as place:
        samples = os.path.join(place, "samples.npz")
        numpy.savez(samples, **recordings)
        turns = [{name: turn(load, samples) for name, load in SYSTEMS.items()} for _ in range(TURNS)]
    for name in SYSTEMS:
        load, hear = (min(found[name][what] for found in turns) for what in ("load", "hear"))
        speech = turns[0][name]["speech"]
        print(f"{name:20} {seconds / hear:7.0f} x real time   import and load {load:6.2f} s   speech {speech:.0f} s")


if __name__ == "__main__":
    main()
