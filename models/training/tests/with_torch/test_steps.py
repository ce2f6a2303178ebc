"""The whole way on a corpus of a minute: mixing, training, a pack, its figures on test, its card."""

import csv
import json
import sys

import numpy as np
import pytest
import soundfile

from earmark_training import LABELS, ledger
from earmark_training import __main__ as program
from earmark_training.calibrate import drowned
from earmark_training.corpus import build_cache, manifest_hash

RATE_HZ = 16000
ROW = (
    "path",
    "class",
    "source",
    "split",
    "speaker",
    "recording",
    "language",
    "vocals",
    "sound",
    "licence",
    "attribution",
)


def sound(kind: str, seed: int) -> np.ndarray:
    """Syllables in a band for speech, held tones for music, hiss for noise; 13 s."""
    rng = np.random.default_rng(seed)
    t = np.arange(13 * RATE_HZ) / RATE_HZ
    if kind == "music":
        return 0.2 * sum(np.sin(2 * np.pi * f * t) for f in rng.uniform(200, 2000, 4)) / 4
    hiss = rng.standard_normal(len(t))
    if kind == "noise":
        return 0.05 * hiss
    syllables = (np.sin(2 * np.pi * 2.5 * t) > 0) & (t % 2.0 < 1.5)
    return np.where(syllables, 0.2 * np.sin(2 * np.pi * rng.uniform(100, 250) * t) * (1 + 0.3 * hiss), 1e-4 * hiss)


@pytest.fixture
def corpus(tmp_path):
    folder, rows = tmp_path / "corpus", []
    for number, kind in enumerate(("speech", "music", "noise")):
        (folder / kind / "s").mkdir(parents=True)
        for i in range(9):
            path = f"{kind}/s/{i}.flac"
            soundfile.write(folder / path, sound(kind, 10 * number + i), RATE_HZ)
            side = ("train", "valid", "test")[i % 3]
            vocals = "no" if kind == "music" else ""
            rows.append((path, kind, f"{kind}-source", side, "", f"r{kind}{i}", "en", vocals, "x", "CC0-1.0", "nobody"))
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([ROW, *rows])
    return folder


RECIPE = """
format = 1
pack = "live"
version = "0.0.2"
core_hours = 0.01
machine = "any"

[choice]
candidates = 1
compared_on = ["the last step"]
test_seen = false

[corpus]
manifest_sha256 = "{digest}"
hours = 0.1

[[scenes]]
folder = "pure"
split = "train"
shards = 2
kinds = "pure"

[[scenes]]
folder = "valid"
split = "valid"
shards = 2
kinds = "all"

[[run]]
name = "first"
start = ""
shape = "studio"
scenes = ["pure"]
remixed = ["pure"]
seed = 5
steps = 3
plan = {{ batch = 4, cuts = [1], report_every = 3, keep_every = 2 }}

[[run]]
name = "second"
start = "first@2"
shape = "studio"
scenes = ["pure"]
remixed = ["pure"]
seed = 6
steps = 2
plan = {{ batch = 4, cuts = [1], report_every = 2, whiten = false }}

[pack_step]
weights = ["second"]
"""


def run(monkeypatch, *arguments) -> int:
    monkeypatch.setattr(sys, "argv", ["earmark_training", *map(str, arguments)])
    return program.main()


def test_from_a_corpus_to_a_pack_that_was_measured_on_test_once(corpus, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("earmark_training.shards.SCENES_PER_SHARD", 12)
    monkeypatch.setattr("earmark_training.evaluate.SCENES", 4)
    monkeypatch.setattr(program, "RECIPES", tmp_path / "recipes")
    common = ("--corpus", corpus, "--work", tmp_path / "w", "--out", tmp_path / "packs", "--version", "0.0.1")
    plan = json.dumps({"steps": 4, "batch": 4, "report_every": 2, "save_every": 2, "cuts": [1]})
    small = ("--train-shards", 8, "--valid-shards", 2, "--workers", 1, "--plan", plan, "--pack", "studio")
    assert run(monkeypatch, "all", *common, *small) == 0, capfd.readouterr().err
    folder = tmp_path / "packs" / "studio"
    figures = json.loads((folder / "metrics.json").read_text())
    assert figures["split"] == "valid" and "flatter" in (folder / "CARD.md").read_text()
    assert json.loads((folder / "pack.json").read_text())["labels"] == list(LABELS)

    assert run(monkeypatch, "pack", *common, "--pack", "studio", "--mixtures-only") == 0, capfd.readouterr().err
    quick = json.loads((folder / "metrics.json").read_text())
    assert quick["mixtures"] == figures["mixtures"] and "clean" not in quick and not (folder / "CARD.md").exists()

    assert run(monkeypatch, "test", *common, "--pack", "studio") == 0, capfd.readouterr().err
    measured = json.loads((folder / "metrics.json").read_text())
    assert measured["split"] == "test" and measured["calibration"] == figures["calibration"]
    assert measured["valid_labels"] == figures["mixtures"]["labels"] != measured["mixtures"]["labels"]
    assert "test split, measured once" in (folder / "CARD.md").read_text()
    lines = ledger.read(tmp_path / "recipes" / "tested.csv")
    assert [(line["pack"], line["version"]) for line in lines] == [("studio", "0.0.1")]

    with (folder / "model.onnx").open("ab") as file:
        file.write(b"changed")
    assert run(monkeypatch, "test", *common, "--pack", "studio") == 1
    assert "another model file" in capfd.readouterr().err


def test_a_recipe_makes_the_same_file_twice_and_nothing_of_another_corpus(corpus, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("earmark_training.shards.SCENES_PER_SHARD", 12)
    monkeypatch.setattr("earmark_training.evaluate.SCENES", 4)
    recipe = tmp_path / "live-0.0.2.toml"
    clips = build_cache([corpus], tmp_path / "audio", 1).clips
    recipe.write_text(RECIPE.format(digest=manifest_hash(clips)))
    made = []
    for place in ("here", "there"):
        places = ("--work", tmp_path / place, "--out", tmp_path / place / "packs", "--workers", 1)
        assert run(monkeypatch, "make", recipe, "--corpus", corpus, *places) == 0, capfd.readouterr().err
        made.append(tmp_path / place / "packs" / "live")
    assert made[0].joinpath("model.onnx").read_bytes() == made[1].joinpath("model.onnx").read_bytes()
    pack = json.loads((made[0] / "pack.json").read_text())
    assert (pack["name"], pack["version"], pack["lookahead_frames"]) == ("live", "0.0.2", 4)
    assert "Made by `models/recipes/live-0.0.2.toml`" in (made[0] / "CARD.md").read_text()

    (corpus / "noise" / "s" / "8.flac").unlink()
    places = ("--work", tmp_path / "other", "--out", tmp_path / "other", "--workers", 1)
    assert run(monkeypatch, "make", recipe, "--corpus", corpus, *places) == 1
    assert "manifest_sha256" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ({"kind": "speech"}, False),
        ({"kind": "speech+music", "speech_over_music_db": 3.0}, False),
        ({"kind": "speech+song", "speech_over_music_db": -1.0}, True),
        ({"kind": "speech+music+noise", "speech_over_music_db": 8.0, "speech_over_noise_db": -2.0}, True),
        ({"kind": "music+noise", "speech_over_noise_db": -2.0}, False),  # a level of the music, nobody speaks
    ],
)
def test_scenes_in_which_speech_is_the_softer_part_do_not_calibrate(levels, expected):
    assert drowned(levels) is expected
