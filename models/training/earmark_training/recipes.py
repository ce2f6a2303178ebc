"""Recipes: how a shipped pack was made, so that it can be made again, as `models/recipes/NAME-VERSION.toml`.

    format = 1
    pack = "live"
    version = "1.0.0"
    core_hours = 3.5                # of the machine named, all steps
    machine = "2 cores, x86-64"

    [choice]                        # how these weights came to be the ones
    candidates = 3                  # how many were compared, this one among them
    compared_on = ["mixtures of the valid split"]
    test_seen = false               # whether the test split had a part in it

    [corpus]
    manifest_sha256 = "…"           # `corpus.manifest_hash`
    hours = 48.1
    packages = "packages.toml"      # list of the fetcher, if recordings came by it
    packages_sha256 = "…"
    teachers_sha256 = "…"           # `teachers.Teachers.digest`, if there were any

    [[scenes]]                      # stored mixtures, in the order in which a run reads them
    folder = "train"
    split = "train"
    shards = 64                     # 0, 1, … 63
    kinds = "all"                   # all, pure, hard

    [[run]]                         # a chain: each begins with weights from nowhere, from an earlier run or from a file
    name = "live-1"
    start = "sha256:…"              # "", the name of an earlier run, or the hash of a model file
    teacher = "sha256:…"            # the hash of a model whose scores are mixed into the targets, if there is one
    shape = "live"
    scenes = ["train"]              # folders of scenes that it reads as they are
    remixed = ["pure", "train"]     # and of which it makes new mixtures
    seed = 1
    steps = 3000
    plan = { batch = 48, peak_rate = 5e-4 }
    hold_out = []

    [pack_step]
    weights = ["live-1"]            # RUN or RUN@STEP; the mean of several

A pack that cannot be made again says so: `reproducible = false` with a `reason`; what is known of its making then
stands
in the same fields, and what is not known is missing.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from . import TrainingError

FORMAT = 1
SHA256 = re.compile(r"[0-9a-f]{64}")
NAME = re.compile(r"[a-z][a-z0-9-]*")
VERSION = re.compile(r"\d+\.\d+\.\d+")
SPLITS_OF_SCENES = ("train", "valid", "test")
KINDS_OF_SCENES = ("all", "pure", "hard")
VALID_FOLDER = "valid"
MODEL_HASH = "sha256:"
"""What stands before the hash of a model file where a recipe names one."""
NOT_IN_A_PLAN = {
    "steps": "it has a key of its own",
    "seed": "it has a key of its own",
    "start_from": "`start` says it",
    "teacher": "it has a key of its own",
    "deadline": "a run that ends by the clock ends elsewhere on another machine",
}

# key, type, whether it may be missing from a recipe that can be followed
TOP = (("format", int, False), ("pack", str, False), ("version", str, False), ("reproducible", bool, True),
       ("reason", str, True), ("core_hours", (int, float), False), ("machine", str, False), ("choice", dict, False),
       ("corpus", dict, False), ("scenes", list, False), ("run", list, False), ("pack_step", dict, False))  # fmt: skip
CHOICE = (("candidates", int, False), ("compared_on", list, False), ("test_seen", bool, False))
CORPUS = (("manifest_sha256", str, False), ("hours", (int, float), False), ("packages", str, True),
          ("packages_sha256", str, True), ("teachers_sha256", str, True), ("name", str, True))  # fmt: skip
SCENES = (("folder", str, False), ("split", str, False), ("shards", int, False), ("kinds", str, False))
RUN = (("name", str, False), ("start", str, False), ("shape", str, False), ("scenes", list, False), ("remixed", list,
False), ("seed", int, False),
       ("steps", int, False),
       ("teacher", str, True), ("plan", dict, True), ("hold_out", list, True), ("note", str, True))  # fmt: skip
PACK_STEP = (("weights", list, False), ("command", str, True))


class RecipeError(TrainingError):
    """A recipe that cannot be followed; the message says where."""


@dataclass(frozen=True)
class Recipe:
    """A recipe that was read and found in order."""

    path: Path
    values: dict

    @property
    def pack(self) -> str:
        """Name of the pack that it makes."""
        return self.values["pack"]

    @property
    def version(self) -> str:
        """Version of that pack."""
        return self.values["version"]

    @property
    def reproducible(self) -> bool:
        """Whether following it makes the pack again."""
        return self.values.get("reproducible", True)

    @property
    def choice(self) -> dict:
        """How many candidates were compared, on what, and whether test had a part in it."""
        return self.values["choice"]


def read_recipe(path: Path) -> Recipe:
    """Reads and checks one file; `RecipeError` names the first thing that is wrong."""
    path = Path(path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path.name}: {error}") from error
    try:
        _check(values, path.stem)
    except RecipeError as error:
        raise RecipeError(f"{path.name}: {error}") from error
    return Recipe(path, values)


def recipe_of(pack: dict, folder: Path) -> Recipe | None:
    """The recipe of a `pack.json` in a folder of recipes; None where there is none."""
    path = Path(folder) / f"{pack['name']}-{pack['version']}.toml"
    return read_recipe(path) if path.exists() else None


def _check(values: dict, stem: str) -> None:
    if values.get("format") != FORMAT:
        raise RecipeError(f"format is {values.get('format')!r}, this program reads {FORMAT}")
    whole = values.get("reproducible", True) is True
    _keys(values, TOP, "", whole)
    for key, pattern in (("pack", NAME), ("version", VERSION)):
        if key not in values or not pattern.fullmatch(values[key]):
            raise RecipeError(f"{key} is {values.get(key)!r}")
    if stem != f"{values['pack']}-{values['version']}":
        raise RecipeError(f"this recipe's file would be {values['pack']}-{values['version']}.toml")
    if not whole and not values.get("reason", "").strip():
        raise RecipeError("a pack that cannot be made again needs a reason")
    if whole and "reason" in values:
        raise RecipeError("reason is for packs that cannot be made again")
    if "choice" not in values:
        raise RecipeError("choice is missing: how many candidates were compared, and on what")
    _keys(values["choice"], CHOICE, "choice.", True)
    if values["choice"]["candidates"] < 1 or not values["choice"]["compared_on"]:
        raise RecipeError("choice: at least one candidate, compared on something")
    _keys(values.get("corpus", {}), CORPUS, "corpus.", whole)
    for key in ("manifest_sha256", "packages_sha256", "teachers_sha256"):
        _hash(values.get("corpus", {}).get(key), f"corpus.{key}")
    for number, row in enumerate(values.get("scenes", [])):
        _scenes(row, f"scenes {number + 1}: ", whole)
    folders = {row.get("folder"): row.get("split") for row in values.get("scenes", [])}
    if len(folders) < len(values.get("scenes", [])):
        raise RecipeError("scenes: two sets have one folder")
    if whole and VALID_FOLDER not in folders:
        raise RecipeError(f"scenes: no folder {VALID_FOLDER}, which stops and calibrates")
    names: list[str] = []
    for row in values.get("run", []):
        _run(row, names, folders, whole)
    _keys(values.get("pack_step", {}), PACK_STEP, "pack_step.", whole)
    if whole:
        for weights in values["pack_step"]["weights"]:
            if weights.partition("@")[0] not in names:
                raise RecipeError(f"pack_step.weights names {weights!r}, which no run makes")


def _keys(table: dict, known: tuple, where: str, whole: bool) -> None:
    """Refuses unknown keys, wrong types and, in a recipe that claims to be whole, missing keys."""
    unknown = set(table) - {key for key, _, _ in known}
    if unknown:
        raise RecipeError(f"unknown key {where}{sorted(unknown)[0]}")
    for key, kind, optional in known:
        if key not in table:
            if whole and not optional:
                raise RecipeError(f"{where}{key} is missing")
        elif not isinstance(table[key], kind) or (kind is not bool and isinstance(table[key], bool)):
            raise RecipeError(f"{where}{key} is {table[key]!r}")


def _hash(value: str | None, where: str) -> None:
    if value is not None and not SHA256.fullmatch(value):
        raise RecipeError(f"{where} is not a sha256")


def _scenes(row: dict, where: str, whole: bool) -> None:
    _keys(row, SCENES, where, whole)
    for key, allowed in (("split", SPLITS_OF_SCENES), ("kinds", KINDS_OF_SCENES)):
        if key in row and row[key] not in allowed:
            raise RecipeError(f"{where}{key} is {row[key]!r}, not one of {', '.join(allowed)}")
    if row.get("shards", 1) < 1:
        raise RecipeError(f"{where}shards is {row['shards']}")


def _run(row: dict, names: list[str], folders: dict[str, str], whole: bool) -> None:
    """Checks a run and appends its name to those of the runs before it."""
    where = f"run {row.get('name', len(names) + 1)}: "
    _keys(row, RUN, where, whole)
    start = row.get("start", "")
    if start.startswith(MODEL_HASH):
        _hash(start.removeprefix(MODEL_HASH), f"{where}start")
    elif start and whole and start.partition("@")[0] not in names:
        raise RecipeError(f"{where}starts from {start!r}, which no earlier run makes")
    if "teacher" in row:
        _hash(row["teacher"].removeprefix(MODEL_HASH), f"{where}teacher")
    for folder in (*row.get("scenes", ()), *row.get("remixed", ())):
        if folders.get(folder) != "train":
            raise RecipeError(f"{where}{folder!r} is no folder of scenes to train on")
    for key in row.get("plan", {}):
        if key in NOT_IN_A_PLAN:
            raise RecipeError(f"{where}{key} does not belong into the plan: {NOT_IN_A_PLAN[key]}")
    if row.get("steps", 1) < 1:
        raise RecipeError(f"{where}steps is {row['steps']}")
    if row.get("name") in names:
        raise RecipeError(f"{where}the name is taken")
    names.append(row.get("name", ""))
