"""What an archive takes on the command and on each engine: `python engines/measure.py [RECORDINGS] [ENGINE…]`.

One table: the clock, the processor's time of all processes together (user and system), their memory together, and whether the
rows are the command's. A thousand recordings are 31 hours. The start of each engine is measured by an archive of one
recording and taken off what its ratio is made of.
"""

import csv
import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from conftest import command, make_archive, rows, start

from earmark import silero

ENGINES = {"Ray Data": "ray_data.py", "Spark": "spark.py", "Daft": "daft_frame.py"}


def watch(running: subprocess.Popen) -> tuple[float, float, int]:
    """Clock and processor in seconds, and the most memory in bytes, until a process and all below it have ended."""
    begun, spent, most = time.monotonic(), {}, 0
    while running.poll() is None:
        memory = 0
        for process in _tree(running.pid):
            try:
                times = process.cpu_times()
                spent[process.pid] = times.user + times.system
                memory += process.memory_info().rss - process.memory_info().shared
            except psutil.NoSuchProcess:
                continue
        most = max(most, memory)
        time.sleep(0.3)
    return time.monotonic() - begun, sum(spent.values()), most


def _tree(pid: int) -> list[psutil.Process]:
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def by_command(archive: Path, place: Path) -> tuple[tuple[float, float, int], list]:
    output = place / "command.csv"
    arguments = [command(), "tag", str(archive), "--jobs", "2", "-q", "-f", "csv", "-o", str(output)]
    measured = watch(subprocess.Popen(arguments, stderr=subprocess.DEVNULL))
    found = csv.DictReader(io.StringIO(output.read_text()))
    return measured, sorted((Path(r["file"]).name, r["start"], r["end"], r["label"], r["confidence"]) for r in found)


def by_engine(example: str, archive: Path, output: Path) -> tuple[float, float, int]:
    running = start(example, archive, output, stderr=subprocess.DEVNULL)
    measured = watch(running)
    if running.returncode != 0:
        raise SystemExit(f"{example} ended with {running.returncode}")
    return measured


def main() -> None:
    recordings = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    wanted = sys.argv[2:] or list(ENGINES)
    with tempfile.TemporaryDirectory(dir=".") as folder:
        place = Path(folder).resolve()
        archive, one = place / "archive", place / "one"
        archive.mkdir()
        one.mkdir()
        make_archive(archive, recordings)
        make_archive(one, 1)
        seconds = {path.stat().st_ino: 0.0 for path in archive.glob("*.flac")}
        for path in archive.glob("*.flac"):
            seconds[path.stat().st_ino] = seconds[path.stat().st_ino] or len(silero.read_audio(path, 8_000)) / 8_000
        hours = sum(seconds[path.stat().st_ino] for path in archive.glob("*.flac")) / 3_600
        (clock, processor, memory), expected = by_command(archive, place)
        print(f"{recordings} recordings, {hours:.1f} h, {len(expected)} rows, two workers")
        print(f"{'':10} {'clock s':>8} {'CPU s':>8} {'h per CPU h':>12} {'MB':>7} {'ratio':>6}")
        line = "{:10} {:8.0f} {:8.1f} {:12.0f} {:7.0f} {:6.2f} {}"
        print(line.format("command", clock, processor, hours * 3_600 / processor, memory / 1e6, 1.0, ""), flush=True)
        for name in wanted:
            _, first, _ = by_engine(ENGINES[name], one, place / f"{name}-one")
            clock, spent, most = by_engine(ENGINES[name], archive, place / name)
            found, errors = rows(place / name)
            same = "same rows" if found == expected and list(errors) == ["letter.wav"] else "OTHER ROWS"
            work = spent - first
            rate = hours * 3_600 / work
            print(line.format(name, clock, spent, rate, most / 1e6, processor / work, f"start {first:.0f} CPU s, {same}"), flush=True)


if __name__ == "__main__":
    main()
