"""What a GPU brings to an archive: `python engines/on_gpu.py LIBRARY [DEVICE [RECORDINGS]]`.

LIBRARY is ONNX Runtime's of the GPU build, DEVICE `cuda` unless it is said. One table, for so many recordings at a time: the clock, the
processor's time, how many times real time, and how many of the embedded runtime's rows came out the same.
"""

import os
import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

import pyarrow as pa
from conftest import make_archive

from earmark import DeviceWarning, batch

JOBS = (1, 2, 4, 8, 16)


def heard(tagger: batch.Tagger, table: pa.Table) -> tuple[float, float, pa.Table]:
    """Clock and processor in seconds, and the rows."""
    clock, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    rows = tagger(table)
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - clock, spent, rows


def segments(rows: pa.Table) -> set[tuple]:
    """What the rows say where, to a hundredth of a second, and nothing of confidences."""
    named = rows.select(["file", "label", "start_s", "end_s"]).to_pylist()
    return {(r["file"], r["label"], round(r["start_s"], 2), round(r["end_s"], 2)) for r in named if r["label"]}


def main() -> None:
    # Nothing is measured on another device than it says.
    warnings.simplefilter("error", DeviceWarning)
    library, device = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "cuda"
    recordings = int(sys.argv[3]) if len(sys.argv) > 3 else 64
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder)
        make_archive(archive, recordings)
        table = pa.table({"path": sorted(str(path) for path in archive.glob("*.flac"))})
        print(f"{'':16} {'jobs':>5} {'clock s':>8} {'CPU s':>7} {'x real time':>12}  rows")
        expected: set[tuple] | None = None
        for name, chosen in (("embedded", {}), (device, {"runtime": library, "device": device})):
            for jobs in (jobs for jobs in JOBS if name != "embedded" or jobs <= (os.cpu_count() or 1)):
                tagger = batch.Tagger(jobs=jobs, **chosen)
                # The first call makes what a device keeps.
                tagger(table.slice(0, 1))
                clock, spent, rows = heard(tagger, table)
                found = segments(rows)
                expected = expected or found
                seconds = {row["file"]: row["duration_s"] for row in rows.select(["file", "duration_s"]).to_pylist()}
                speed, same = sum(seconds.values()) / clock, len(found & expected) / len(expected)
                print(f"{name:16} {jobs:5} {clock:8.1f} {spent:7.1f} {speed:12.0f}  {100 * same:.1f} % the same", flush=True)


if __name__ == "__main__":
    main()
