"""Renders: the command's, byte for byte."""

import os
from pathlib import Path

import numpy as np
import pytest

import earmark


@pytest.mark.parametrize(
    ("settings", "flags"),
    [
        ({}, []),
        ({"preset": "interview"}, ["--preset", "interview"]),
        ({"keep": ["music"], "action": "mute"}, ["--keep", "music", "--action", "mute"]),
        ({"action": "cut", "max_pause_ms": 400}, ["--action", "cut", "--max-pause-ms", "400"]),
        ({"live": True, "range_db": 12, "bits": 16}, ["--live", "--range-db", "12", "--bits", "16"]),
    ],
)
def test_a_render_is_the_commands(programme, command, tmp_path, settings, flags):
    command("render", programme, "-o", str(tmp_path / "command.wav"), *flags)
    done = earmark.render(programme, tmp_path / "package.wav", **settings)
    assert (tmp_path / "package.wav").read_bytes() == (tmp_path / "command.wav").read_bytes()
    assert done.timeline.total("speech") > 15
    assert done.summary["rate_hz"] == 24_000


def test_samples_are_rendered_and_input_is_output_plus_removed(tmp_path):
    rng = np.random.default_rng(1)
    samples = rng.normal(0, 0.05, (48_000, 2)).astype(np.float32)
    done = earmark.render(samples, tmp_path / "out.wav", rate=48_000, removed=tmp_path / "removed.wav")
    assert done.summary["channels"] == 2
    kept, removed = (earmark.silero.read_audio(tmp_path / name, 48_000) for name in ("out.wav", "removed.wav"))
    assert np.abs(kept + removed - samples.mean(axis=1)).max() < 1e-6


def test_what_cannot_be_rendered_is_refused_and_leaves_nothing(programme, tmp_path):
    with pytest.raises(earmark.SettingsError, match="range_db"):
        earmark.render(programme, tmp_path / "out.wav", range_db=-3)
    with pytest.raises(earmark.SettingsError, match="rnage_db"):
        earmark.render(programme, tmp_path / "out.wav", rnage_db=3)
    with pytest.raises(earmark.SettingsError, match="nosuch"):
        earmark.render(programme, tmp_path / "out.wav", preset="nosuch")
    with pytest.raises(earmark.EarmarkError, match="out.xyz"):
        earmark.render(programme, tmp_path / "out.xyz")
    copy = tmp_path / "copy.flac"
    copy.write_bytes(Path(programme).read_bytes())
    with pytest.raises(earmark.SettingsError, match="itself"):
        earmark.render(copy, copy)
    assert os.listdir(tmp_path) == ["copy.flac"]
