"""The command inside the wheel is the command."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from earmark._wav import write_wav


@pytest.fixture(scope="module")
def script() -> str:
    """What the wheel installed beside the interpreter."""
    folder = Path(sys.executable).parent
    return str(folder / ("earmark.exe" if os.name == "nt" else "earmark"))


@pytest.fixture
def hour(tmp_path) -> str:
    samples = np.random.default_rng(0).normal(0, 0.01, (8_000 * 3_600, 1)).astype(np.float32)
    return write_wav(str(tmp_path / "hour.wav"), samples, 8_000)


def test_it_writes_what_the_command_writes(script, programme, command):
    for module in ([script], [sys.executable, "-m", "earmark"]):
        done = subprocess.run([*module, "tag", programme, "-q", "-f", "json"], capture_output=True, check=True)
        assert done.stdout == command("tag", programme, "-f", "json")
    said = subprocess.run([script, "--version"], capture_output=True, check=True, text=True).stdout
    assert said.encode() == command("--version")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["tag", "there-is-none.wav"], 1, "there-is-none.wav"),
        (["tag", "--no-such-flag"], 2, "Usage: earmark tag"),
        ([], 2, "Usage: earmark"),
        (["--help"], 0, ""),
    ],
)
def test_exit_codes(script, arguments, code, said):
    done = subprocess.run([script, *arguments], capture_output=True, check=False, text=True)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_voice_that_is_refused_is_exit_code_3(script, programme, tmp_path):
    import earmark

    samples = earmark.silero.read_audio(programme, 16_000)[:, np.newaxis]
    cut = lambda name, start, end: write_wav(str(tmp_path / name), samples[int(start * 16_000) : int(end * 16_000)], 16_000)
    # The welcome is one person's, the sentence after it another's.
    clips = [cut(f"{n}.wav", 1.0 + 2.4 * n, 3.4 + 2.4 * n) for n in range(3)]
    store = ["--profiles", str(tmp_path / "profiles")]
    subprocess.run([script, "voice", "enrol", "anna", *clips, *store], check=True, capture_output=True)
    for clip, code in ((cut("own.wav", 47.0, 50.8), 0), (cut("other.wav", 36.4, 41.5), 3)):
        done = subprocess.run([script, "voice", "verify", "anna", clip, *store], capture_output=True, check=False)
        assert done.returncode == code, done.stdout


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_ctrl_c_ends_it_and_leaves_nothing_half_written(script, hour, tmp_path):
    output = tmp_path / "out.wav"
    running = subprocess.Popen([script, "render", hour, "-o", str(output)], stderr=subprocess.PIPE, text=True)
    # Something is heard by then: the command has its handlers.
    time.sleep(1.5)
    assert running.poll() is None
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    assert running.returncode == 130, said
    assert "Traceback" not in said
    assert os.listdir(tmp_path) == ["hour.wav"]


@pytest.mark.skipif(os.name == "nt", reason="pipes are POSIX's")
def test_a_reader_that_leaves_is_no_failure(script, programme):
    # Two hundred kilobytes are more than a pipe holds.
    command = [script, "frames", programme, "-q"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    assert running.stdout is not None
    running.stdout.read(10)
    running.stdout.close()
    with running:
        assert running.stderr is not None
        assert running.stderr.read() == b""
    assert running.returncode == 0
