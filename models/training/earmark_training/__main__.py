"""Command line: `python -m earmark_training all --corpus DIR --pack live`, or its steps one by one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import exit_code
from .card import write_card
from .corpus import CorpusError, build_cache
from .noise.card import write_card as write_noise_card
from .recipes import read_recipe
from .splits import check

VERSION = "0.1.0"
MODELS = Path(__file__).resolve().parents[2]
PACKS, RECIPES = MODELS / "packs", MODELS / "recipes"
PACK_NAMES = ("live", "studio", "swift")
STEPS = {
    "all": "from corpus to pack",
    "cache": "decode the corpus",
    "shards": "draw mixtures",
    "train": "train, or go on with, a run",
    "pack": "calibrate, export, measure on valid",
    "test": "measure a finished pack on the test split, once",
    "holdout": "measure a run on the sources that it was trained without",
    "card": "write CARD.md anew from pack.json, metrics.json and the recipe",
    "recipe": "check the recipes named, or all",
    "make": "make the pack of the recipe named",
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="earmark_training", description=__doc__)
    steps = "; ".join(f"{name}: {what}" for name, what in STEPS.items())
    parser.add_argument("step", choices=list(STEPS), help=steps)
    parser.add_argument("recipes", nargs="*", type=Path, help="recipe, make: files in models/recipes")
    parser.add_argument("--corpus", type=Path, action="append", default=[], help="MUSAN-like folder; may be repeated")
    parser.add_argument(
        "--pack",
        default="live",
        choices=[*PACK_NAMES, "noise"],
        help="which network and which pack folder; noise: step card only",
    )
    parser.add_argument(
        "--work", type=Path, default=Path("train-cache"), help="decoded audio, shards, checkpoints, logs"
    )
    parser.add_argument("--out", type=Path, default=PACKS, help="folder that gets <pack>/")
    parser.add_argument("--run", default="", help="name of the training run (default: the pack's name)")
    parser.add_argument("--train-shards", type=int, default=480, help="mixtures to train on, 128 scenes of 12 s each")
    parser.add_argument("--valid-shards", type=int, default=10, help="as many for test")
    parser.add_argument(
        "--first-shard", type=int, default=0, help="with --shard-step: several processes share the work"
    )
    parser.add_argument("--shard-step", type=int, default=1)
    parser.add_argument("--hold-out", default="", help="comma-separated sources that training must not see")
    parser.add_argument(
        "--soup",
        default="",
        help="pack: mean of the weights of RUN or RUN@STEP, comma-separated, instead of --run's own",
    )
    parser.add_argument("--shape", default="", help="JSON that changes fields of the pack's network shape")
    parser.add_argument(
        "--device", default="cpu", help="train: cpu, or cuda for a GPU, which then holds all scenes in its memory"
    )
    parser.add_argument(
        "--teachers", type=Path, action="append", default=[], help="shards: folder of teachers' scores; may be repeated"
    )
    parser.add_argument(
        "--weights",
        type=Path,
        action="append",
        default=[],
        help="make: pack folders that a recipe may start from or be taught by",
    )
    parser.add_argument("--plan", default="", help='JSON that changes fields of the training plan, e.g. {"steps": 500}')
    parser.add_argument("--workers", type=int, default=2, help="processes for decoding, mixing and measuring")
    parser.add_argument(
        "--mixtures-only", action="store_true", help="pack: measure valid mixtures only, for packs that go on to `test`"
    )
    parser.add_argument("--version", default=VERSION, help="version written into the pack")
    parser.add_argument(
        "--also-trained-on", default="", help="left-out sources that an ancestor of the run still saw, for the card"
    )
    parser.add_argument(
        "--held-out-report", type=Path, default=None, help="JSON of the holdout step, to put into the card"
    )
    return parser.parse_args()


def _check_recipes(paths: list[Path]) -> None:
    for path in paths or sorted(RECIPES.glob("*.toml")):
        recipe = read_recipe(path)
        makes = "makes" if recipe.reproducible else "cannot make again"
        print(f"{path.name}: {makes} {recipe.pack} {recipe.version}")


def _run(options: argparse.Namespace) -> None:
    if options.step == "recipe":
        _check_recipes(options.recipes)
        return
    if options.step == "card":
        if options.pack == "noise":
            write_noise_card(options.out / options.pack)
        else:
            write_card(options.out / options.pack, RECIPES)
        return
    if options.pack == "noise":
        raise CorpusError("the noise pack has a command of its own: python -m earmark_training.noise")
    if not options.corpus:
        raise CorpusError(f"{options.step} needs a corpus: name its folder with --corpus")
    cache = build_cache(options.corpus, options.work / "audio", options.workers)
    check(cache.clips)
    if options.step == "cache":
        return
    from . import making, steps  # need PyTorch and take seconds to load

    if options.step == "make":
        making.make([read_recipe(path) for path in options.recipes], options, cache)
    else:
        steps.run(options, cache, RECIPES)


def main() -> int:
    """Runs the steps; 1 and a sentence when the corpus, its splits or a recipe cannot be used."""
    options = _arguments()
    return exit_code("earmark_training", lambda: _run(options))


if __name__ == "__main__":
    sys.exit(main())
