"""Overlapping speakers and recordings are refused; held-out sources are never trained on; plain folders work."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark_training.corpus import Clip, CorpusError, hash_split, list_clips
from earmark_training.splits import SplitError, check, select

PROJECT = Path(__file__).resolve().parents[1]


def clip(path, split, speaker="", recording="", source="s"):
    return Clip(path=path, kind="speech", source=source, split=split, speaker=speaker, recording=recording or path)


def test_same_speaker_in_both_splits_is_refused():
    with pytest.raises(SplitError, match="anna"):
        check([clip("a", "train", "anna"), clip("b", "valid", "anna")])


def test_same_recording_in_both_splits_is_refused():
    with pytest.raises(SplitError, match="tape-1"):
        check([clip("a", "train", recording="tape-1"), clip("b", "valid", recording="tape-1")])


def test_held_out_sources_are_not_trained_on():
    clips = [clip("a", "train"), clip("b", "train", source="x"), clip("c", "valid", source="x")]
    assert [c.path for c in select(clips, "train", ("x",))] == ["a"]
    assert [c.path for c in select(clips, "held-out", ("x",))] == ["b", "c"]


def test_hash_split_is_about_a_tenth_and_stable():
    splits = [hash_split(f"recording-{i}") for i in range(2000)]
    assert 0.07 < splits.count("valid") / 2000 < 0.13
    assert splits == [hash_split(f"recording-{i}") for i in range(2000)]


def make_corpus(folder: Path, manifest: str = "") -> None:
    for kind in ("speech", "music", "noise"):
        (folder / kind / "lib").mkdir(parents=True)
        for i in range(3):
            soundfile.write(
                folder / kind / "lib" / f"{i}.wav", 0.1 * np.random.default_rng(i).standard_normal(8000), 16000
            )
    if manifest:
        (folder / "manifest.csv").write_text(manifest)


def test_folder_without_manifest(tmp_path):
    make_corpus(tmp_path)
    clips = list_clips(tmp_path)
    assert len(clips) == 9 and {c.kind for c in clips} == {"speech", "music", "noise"}
    assert {c.source for c in clips} == {"lib"}
    check(clips)


def test_empty_folder_is_refused(tmp_path):
    with pytest.raises(CorpusError):
        list_clips(tmp_path)


def test_command_ends_with_a_sentence_and_a_non_zero_code(tmp_path):
    make_corpus(
        tmp_path / "c",
        "path,class,source,split,speaker\nspeech/lib/0.wav,speech,lib,train,anna\n"
        "speech/lib/1.wav,speech,lib,valid,anna\n",
    )
    done = subprocess.run(
        [sys.executable, "-m", "earmark_training", "train", "--corpus", tmp_path / "c", "--work", tmp_path / "w"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "anna" in done.stderr and "Traceback" not in done.stderr
