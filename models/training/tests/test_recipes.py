"""Recipes that cannot be followed are refused; the shipped ones are in order; test is opened once."""

import json
from pathlib import Path

import pytest

from earmark_training.beside import beside
from earmark_training.card import write_card
from earmark_training.ledger import LedgerError, open_test, read
from earmark_training.recipes import RecipeError, read_recipe, recipe_of

MODELS = Path(__file__).resolve().parents[2]
WHOLE = """
format = 1
pack = "live"
version = "9.0.0"
core_hours = 3.5
machine = "2 cores"

[choice]
candidates = 2
compared_on = ["mixtures of the valid split"]
test_seen = false

[corpus]
manifest_sha256 = "{digest}"
hours = 20.5

[[scenes]]
folder = "train"
split = "train"
shards = 64
kinds = "all"

[[scenes]]
folder = "valid"
split = "valid"
shards = 2
kinds = "all"

[[run]]
name = "first"
start = "sha256:{digest}"
shape = "live"
scenes = ["train"]
remixed = ["train"]
seed = 1
steps = 3000
plan = {{ batch = 48, peak_rate = 5e-4 }}

[[run]]
name = "second"
start = "first@2000"
shape = "live"
scenes = ["train"]
remixed = ["train"]
seed = 2
steps = 100

[pack_step]
weights = ["second", "first@2500"]
"""


def write(folder: Path, text: str = WHOLE, name: str = "live-9.0.0.toml") -> Path:
    path = folder / name
    path.write_text(text.format(digest="a" * 64))
    return path


def test_a_whole_recipe_is_read(tmp_path):
    recipe = read_recipe(write(tmp_path))
    assert (recipe.pack, recipe.version, recipe.reproducible) == ("live", "9.0.0", True)
    assert recipe.choice["candidates"] == 2 and [r["name"] for r in recipe.values["run"]] == ["first", "second"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("format = 1", "format = 2", "format"),
        ('version = "9.0.0"', 'version = "9.0"', "version"),
        ('machine = "2 cores"', "", "machine is missing"),
        ("candidates = 2", "candidates = 0", "candidate"),
        ("test_seen = false", "test_seen = 0", "test_seen"),
        ("hours = 20.5", 'hours = "many"', "hours"),
        ('manifest_sha256 = "{digest}"', 'manifest_sha256 = "abc"', "sha256"),
        ("shards = 64", "shards = 0", "shards"),
        ('folder = "valid"', 'folder = "train"', "one folder"),
        ('folder = "valid"', 'folder = "other"', "valid"),
        ('remixed = ["train"]\nseed = 2', 'remixed = ["valid"]\nseed = 2', "valid"),
        ('kinds = "all"', 'kinds = "some"', "kinds"),
        ("seed = 1\n", "", "seed is missing"),
        ("peak_rate = 5e-4", 'deadline = "11:00"', "clock"),
        ("peak_rate = 5e-4", "seed = 3", "key of its own"),
        ('start = "first@2000"', 'start = "third"', "third"),
        ('start = "first@2000"', 'start = "first"\nteacher = "studio"', "teacher"),
        ("peak_rate = 5e-4", 'teacher = "studio"', "key of its own"),
        ('name = "second"', 'name = "first"', "taken"),
        ('weights = ["second", ', 'weights = ["fourth", ', "fourth"),
        ("steps = 100", "steps = 100\ncolour = 1", "colour"),
        ("core_hours = 3.5", "core_hours = 3.5\nreproducible = false", "reason"),
        ('pack = "live"', 'pack = "studio"', "studio-9.0.0.toml"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_the_place(tmp_path, old, new, says):
    assert old in WHOLE
    with pytest.raises(RecipeError, match=says):
        read_recipe(write(tmp_path, WHOLE.replace(old, new)))


def test_no_toml_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="live-9"):
        read_recipe(write(tmp_path, "pack = "))


def test_shipped_recipes_are_in_order_and_belong_to_packs():
    paths = sorted((MODELS / "recipes").glob("*.toml"))
    assert paths
    for path in paths:
        read_recipe(path)
    for name in ("live", "studio", "swift"):
        pack = json.loads((MODELS / "packs" / name / "pack.json").read_text())
        assert recipe_of(pack, MODELS / "recipes"), f"{name} {pack['version']} has no recipe"


@pytest.mark.parametrize("name", ["live", "studio", "swift"])
def test_cards_are_what_the_generator_writes(tmp_path, name):
    shipped = MODELS / "packs" / name
    (tmp_path / "curves").mkdir()
    for file in ("pack.json", "metrics.json", *(f"curves/{p.name}" for p in (shipped / "curves").iterdir())):
        (tmp_path / file).write_bytes((shipped / file).read_bytes())
    write_card(tmp_path, MODELS / "recipes")
    text = (tmp_path / "CARD.md").read_text(encoding="utf-8")
    assert text == (shipped / "CARD.md").read_text(encoding="utf-8")
    pack = json.loads((shipped / "pack.json").read_text())
    candidates = recipe_of(pack, MODELS / "recipes").choice["candidates"]
    assert (f"One of {candidates} candidates" if candidates > 1 else "The only candidate") in text
    assert "### Beside other detectors" in text, "peers.json is of another network"


def test_other_detectors_stand_only_beside_the_network_that_was_measured_with_them():
    pack, peers = {"name": "live"}, MODELS / "peers.json"
    measured = next(p["sha256"] for p in json.loads(peers.read_text())["packs"] if p["name"] == "live")
    [section] = beside(pack, measured, peers)
    assert "| live |" in section and "| silero |" in section and "| studio |" not in section
    assert beside(pack, "0" * 64, peers) == []
    assert beside({"name": "other"}, measured, peers) == []


def test_test_is_opened_once_for_a_version(tmp_path):
    ledger = tmp_path / "recipes" / "tested.csv"
    assert open_test(ledger, "live", "1.0.0", "a") == 0
    assert open_test(ledger, "live", "1.0.0", "a") == 0, "the same file has the same figures"
    assert open_test(ledger, "studio", "1.0.0", "b") == 0
    with pytest.raises(LedgerError, match=r"1\.0\.0"):
        open_test(ledger, "live", "1.0.0", "c")
    assert open_test(ledger, "live", "1.0.1", "c") == 1
    assert [line["model_sha256"] for line in read(ledger)] == ["a", "b", "c"]
