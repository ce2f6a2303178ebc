"""Overlapping speakers and recordings are refused; held-out sources are never trained on; plain folders work."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark_training.corpus import Clip, CorpusError, hash_split, list_clips
from earmark_training.splits import CHOSE, LEFT_OUT, VOICES_IN_TRAIN, SplitError, check, cut_test, groups_of, select

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


def corpus_of(count: int = 400) -> list[Clip]:
    """Two sides: speakers with three clips each in recordings of two, words by language, stories, songs."""
    clips = []
    for i in range(count):
        side = "valid" if i % 2 else "train"
        for part in range(3):
            clips.append(clip(f"a/{i}-{part}", side, f"speaker-{i}", f"tape-{i}-{part // 2}"))
        clips.append(clip(f"s/{i}", side, recording=f"story-{i}", source=VOICES_IN_TRAIN[0]))
    for i in range(40):
        for source in ("gcompris-voices", "klettres"):
            one = clip(f"{source}/{i}", "valid" if i % 2 else "train", f"{source}-unnamed-{i}", source=source)
            one.language = f"l{i % 20}" if i % 2 else f"other{i}"
            clips.append(one)
    return clips


def test_test_is_cut_from_valid_alone_and_train_is_untouched():
    clips = corpus_of()
    before = {c.path: c.split for c in clips}
    cut_test(clips)
    assert {before[c.path] for c in clips if c.split == "test"} == {"valid"}
    assert all(c.split == "train" for c in clips if before[c.path] == "train")
    from_valid = [c for c in clips if c.source == "s" and before[c.path] == "valid"]
    assert 0.4 < sum(c.split == "test" for c in from_valid) / len(from_valid) < 0.6
    check(clips)


def test_no_speaker_recording_or_unnamed_voice_of_a_language_is_on_two_sides():
    clips = corpus_of()
    cut_test(clips)
    for name in ("speaker", "recording"):
        sides = {}
        for c in clips:
            if getattr(c, name):
                sides.setdefault((c.source, getattr(c, name)), set()).add(c.split)
        assert all(len(s) == 1 for s in sides.values())
    languages = {}
    for c in clips:
        if c.language:
            languages.setdefault(c.language, set()).add(c.split)
    assert all(len(s) == 1 for s in languages.values())
    assert {"valid", "test"} <= set().union(*languages.values())


def test_voices_that_are_also_trained_on_are_never_test():
    clips = corpus_of()
    cut_test(clips)
    stories = [c for c in clips if c.source in VOICES_IN_TRAIN]
    assert stories and not any(c.split == "test" for c in stories)


def test_rows_that_chose_a_pack_are_marked_and_new_sources_are_not():
    old, new = corpus_of(40), [clip("n/1", "test", source="n"), clip("n/2", "train", source="n")]
    sides = {c.path: c.split for c in old}
    cut_test(old)
    cut_test(new)
    assert all((c.chose == CHOSE) == (sides[c.path] == "valid") for c in old)
    assert [c.split for c in new] == ["test", "train"] and not any(c.chose for c in new)


def test_the_cut_does_not_depend_on_the_order_of_the_rows():
    clips, other = corpus_of(), corpus_of()[::-1]
    cut_test(clips)
    cut_test(other)
    assert {c.path: c.split for c in clips} == {c.path: c.split for c in other}


def test_a_speaker_binds_recordings_together():
    clips = [clip("a", "valid", "anna", "1"), clip("b", "valid", "anna", "2"), clip("c", "valid", "bert", "2")]
    assert [len(g) for g in groups_of(clips)] == [3]


def test_selected_for_choosing_is_nothing_of_test():
    clips = corpus_of()
    cut_test(clips)
    chosen, last = select(clips, "valid"), select(clips, "test")
    assert chosen and last and not {c.path for c in chosen} & {c.path for c in last}
    assert not any(c.source in LEFT_OUT for c in chosen + last)


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
        [sys.executable, "-m", "earmark_training", "cache", "--corpus", tmp_path / "c", "--work", tmp_path / "w"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "anna" in done.stderr and "Traceback" not in done.stderr
