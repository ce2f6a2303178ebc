"""Supervisions, read by lhotse, which imports PyTorch: what it finds is the list."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from lhotse import CutSet, Recording, RecordingSet, load_manifest, validate_recordings_and_supervisions

ROOT = Path(__file__).resolve().parents[2]
EARMARK = str(ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release" / "earmark")
PROGRAMME = ROOT / "examples" / "programme.flac"


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("lhotse")
    subprocess.run([EARMARK, "--quiet", "tag", str(PROGRAMME), "--format", "json,lhotse", "-o", f"{folder}/"], check=True)
    return folder


@pytest.fixture(scope="module")
def supervisions(out):
    return load_manifest(out / "programme.supervisions.jsonl")


def test_the_segments_are_those_of_the_list(out, supervisions):
    expected = json.loads((out / "programme.json").read_text())["segments"]
    assert len(supervisions) == len(expected) >= 6
    for found, segment in zip(supervisions, expected, strict=True):
        assert found.custom["label"] == segment["label"]
        assert (found.start, found.end) == pytest.approx((segment["start"], segment["end"]), abs=0.000_501)
        assert found.custom["confidence"] == pytest.approx(segment["confidence"], abs=0.000_501)


def test_they_belong_to_their_recording(supervisions):
    recording = Recording.from_file(PROGRAMME, recording_id=str(PROGRAMME))
    recordings = RecordingSet.from_recordings([recording])
    validate_recordings_and_supervisions(recordings, supervisions)
    [cut] = CutSet.from_manifests(recordings=recordings, supervisions=supervisions)
    assert len(cut.supervisions) == len(supervisions)
    spoken = sum(s.duration for s in cut.supervisions if s.custom["label"] == "speech")
    assert 19 < spoken < 25
