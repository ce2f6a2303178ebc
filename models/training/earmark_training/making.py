"""Follows a recipe: scenes, runs, pack. What is there already and finished is taken up, so that it may be broken
off."""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from pathlib import Path

import torch

from .corpus import Cache, manifest_hash
from .fetch.debian import sha256_of
from .mixing import HARD_KINDS, PURE_KINDS
from .network import SHAPES
from .plan import Plan, plan_of
from .recipes import MODEL_HASH, VALID_FOLDER, Recipe, RecipeError
from .shards import Shards, generate
from .steps import make_pack
from .teachers import OnlySinging, Teachers, found_for
from .train import lone_recordings, train

KINDS = {"all": {}, "pure": {"kinds": PURE_KINDS}, "hard": {"kinds": HARD_KINDS, "hard": True}}


def make(recipes: list[Recipe], options: argparse.Namespace, cache: Cache) -> None:
    """Makes the packs of some recipes in `options.out`; says how many core-hours this machine took."""
    torch.set_num_threads(1)
    if not recipes:
        raise RecipeError("make needs a recipe: name its file")
    teachers = found_for(cache.clips, options.corpus, options.teachers)
    for recipe in recipes:
        _check_ingredients(recipe, cache, teachers)
        began = time.process_time()
        for row in recipe.values["scenes"]:
            own = teachers if row["split"] == "train" else OnlySinging(teachers.files)
            generate(
                cache,
                _scenes(options, row["folder"]),
                row["split"],
                0,
                row["shards"],
                teachers=own,
                **KINDS[row["kinds"]],
            )
        for row in recipe.values["run"]:
            _train(row, options, cache)
        weights = recipe.values["pack_step"]["weights"]
        last = options.work / "runs" / weights[-1].partition("@")[0]
        settings = vars(options) | {"pack": recipe.pack, "version": recipe.version, "soup": ",".join(weights)}
        make_pack(argparse.Namespace(**settings), cache, last, recipe.path.parent, teachers)
        hours = (time.process_time() - began) / 3600
        print(f"{recipe.path.name}: {hours:.2f} core-hours now; the recipe says {recipe.values['core_hours']} in all")


def _scenes(options: argparse.Namespace, folder: str) -> Path:
    return options.work / f"shards-{folder}"


def _check_ingredients(recipe: Recipe, cache: Cache, teachers: Teachers) -> None:
    """Refuses another corpus, other teachers or another list of packages than those of the recipe."""
    if not recipe.reproducible:
        reason = " ".join(recipe.values["reason"].split())
        raise RecipeError(f"{recipe.pack} {recipe.version} cannot be made again: {reason}")
    corpus = recipe.values["corpus"]
    found = {"manifest_sha256": manifest_hash(cache.clips)}
    if "packages" in corpus:
        listed = Path(__file__).resolve().parents[1] / corpus["packages"]
        found["packages_sha256"] = sha256_of(listed) if listed.exists() else "no such file"
    if "teachers_sha256" in corpus or len(teachers):
        found["teachers_sha256"] = teachers.digest() if len(teachers) else "none"
    for key, value in found.items():
        if corpus.get(key, "none") != value:
            raise RecipeError(f"{recipe.path.name}: {key} is {corpus.get(key, 'none')}, here it is {value}")


def _train(row: dict, options: argparse.Namespace, cache: Cache) -> None:
    hold_out = tuple(row.get("hold_out", ()))
    read = lambda folders: Shards(*(_scenes(options, f) for f in folders), hold_out=hold_out)
    fixed = {"start_from": _start(row, options), "seed": row["seed"], "steps": row["steps"]}
    if "teacher" in row:
        fixed["teacher"] = pack_named(row["teacher"], f"run {row['name']} is taught by", options)
    plan = plan_of(Plan, json.dumps({**row.get("plan", {}), **fixed}))
    scenes, remixed, valid = read(row["scenes"]), read(row["remixed"]), Shards(_scenes(options, VALID_FOLDER))
    train(
        options.work / "runs" / row["name"], SHAPES[row["shape"]], plan, scenes, remixed, valid, lone_recordings(cache)
    )


def _start(row: dict, options: argparse.Namespace) -> str:
    """Where a run's first weights are: nowhere, in an earlier run, or in a pack of the hash named."""
    if not row["start"].startswith(MODEL_HASH):
        return str(options.work / "runs" / row["start"]) if row["start"] else ""
    return pack_named(row["start"], f"run {row['name']} starts from", options)


def pack_named(model: str, use: str, options: argparse.Namespace) -> str:
    """The folder, among those named and those already made, of the pack with this `model` hash; `use` is for the
    message."""
    wanted = model.removeprefix(MODEL_HASH)
    for folder in (*options.weights, *sorted(p for p in options.out.glob("*") if (p / "pack.json").exists())):
        if hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest() == wanted:
            return str(folder)
    raise RecipeError(f"{use} a model of sha256 {wanted}: name its pack folder with --weights")
