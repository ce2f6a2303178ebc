"""CARD.md of a voice pack, from `pack.json`, `metrics.json` and the recipe only."""

from __future__ import annotations

import json
from pathlib import Path

from ..markdown import percent, short, table
from ..recipes import Recipe, recipe_of
from .cohort import FALSE_ACCEPTS, OWNER, PASSWORD_FALSE_ACCEPTS
from .trials import CHILD_BELOW_YEARS

INTENDED = """\
Says how alike two voices are: a row of numbers every 40 ms, whose sum over any stretch, scaled to length 1, stands for
the voice in it. Meant for gates that open for an enrolled voice, for finding one's own stretches in a recording, and as
one of two conditions beside a password."""

LIMITS = """\
* It is **not an authentication system**: nothing here notices a recording or a synthetic voice that is played to it.
* A voice profile is personal data. Enrol people who know of it.
* Read sentences and single words, few microphones a speaker: most pairs of one speaker here come from one session, and
  some from one recording. Another day, another microphone or a cold cost accuracy that these figures do not show.
* Children's voices are less alike themselves and more alike each other; their figures stand apart.
* Half a second is little: at that length take the probability as a hint.
* GPL, CC BY-SA and other copyleft recordings are among the data; whether a trained model is a derived work is not
  settled. The talkie games are freeware whose licence asks no fee for the game itself."""


def _range(row: dict, name: str) -> str:
    if name not in row:
        return "–"
    if f"{name}_interval" not in row:
        return percent(row[name])
    low, high = row[f"{name}_interval"]
    return f"{percent(row[name])} ({100 * low:.1f} to {100 * high:.1f})"


def _pairs(side: dict) -> str:
    return table(
        ["pairs", "noise", "speakers", "same / other", "EER", "EER, plain cosine", "EER, Resemblyzer"],
        [
            [r["kind"], r["noise"], r["speakers"], f"{r['same']} / {r['other']}"]
            + [_range(r, name) for name in ("eer", "cosine", "peer")]
            for r in side["pairs"]
        ],
    )


def _grouped(side: dict) -> str:
    rows = [
        [by, r["group"], r["kind"], f"{r['same']} / {r['other']}"] + [_range(r, n) for n in ("eer", "cosine", "peer")]
        for by, groups in side["pairs_by"].items()
        for r in groups
    ]
    return table(["by", "group", "pairs", "same / other", "EER", "EER, plain cosine", "EER, Resemblyzer"], rows)


def _defaults(side: dict) -> str:
    titles = {"all": "all", "trial": "", "source": "source ", "language": "language ", "child": "child "}
    rows = [
        [titles[by] + r["name"] if by != "all" else "all", r["owners"], percent(r["accepted"]), r["impostors"],
         percent(r["let_in"])]
        for by in ("all", "trial", "source", "language", "child")
        for r in side["defaults"][by]
    ]  # fmt: skip
    return table(["trials", "owners", "accepted", "impostors", "let in"], rows)


def _side(title: str, side: dict) -> list[str]:
    return [
        f"## {title}\n\n{side['speakers']} speakers that training never heard, {side['stretches']} stretches. In "
        "brackets 95 % of 300 draws of the speakers with repetition.",
        _pairs(side),
        f"By group, quiet pairs (a child is known to be under {CHILD_BELOW_YEARS}):",
        _grouped(side),
        f"Three clips enrolled, one stretch tried, owner where the probability is over {OWNER}:",
        _defaults(side),
    ]


def _chosen(recipe: Recipe | None) -> str:
    if recipe is None:
        return "There is no recipe of this version."
    choice = recipe.choice
    return (
        f"{choice['candidates']} candidates were compared, on {', '.join(choice['compared_on'])}; the test side had "
        f"{'a' if choice['test_seen'] else 'no'} part in it. Recipe: `models/recipes/{recipe.path.name}`."
    )


def write_card(folder: Path, recipes: Path) -> None:
    """CARD.md of one pack."""
    pack = json.loads((folder / "pack.json").read_text())
    m = json.loads((folder / "metrics.json").read_text())
    dim, look_ms = pack["vectors"]["dim"], 10 * pack["lookahead_frames"]
    parts = [
        f"# {pack['name']} {pack['version']}: whose voice it is",
        INTENDED,
        f"{pack['model']['parameters']:,} parameters, {dim} numbers a row, look-ahead {look_ms} ms, 16 kHz, 64 log-mel "
        f"bands, state carried explicitly; {m['rtf']:.4f} s of one core for a second of sound in calls of one hop "
        f"(ONNX Runtime). Licence of the pack: {pack['licence']}. Model file sha256 `{m['model_sha256']}`.",
    ]
    if "test" in m:
        parts += _side("Test", m["test"])
        parts.append(
            "Test was measured once, after everything was chosen; "
            f"{m['tested_before']} other versions of this pack were measured on it before."
        )
    parts += _side("Valid", m["valid"])
    parts += [
        "The EER is that of cohort-normalised likeness, which `verify` uses. *Sentences* are stretches of 2 s, *words* "
        "clips of 1 s with the same word, *two words* two clips joined; impostors come from the same source and say "
        "the same words. Pairs of sentences come from other clips of the speaker where there are any (LibriSpeech: "
        "mostly other stretches of one clip).",
        f"## Probability\n\nThe cohort is {m['cohort']} embeddings of training speakers. Slope and offset of the "
        "logistic curve were fitted on trials of the valid side, quiet and with noise 20 and 10 dB under the voice, "
        f"from half a second to three; then the offset was moved so that {100 * FALSE_ACCEPTS:.1f} % of its impostors "
        f"pass at {OWNER}, of those who say the word that was enrolled, by a curve of their own, "
        f"{100 * PASSWORD_FALSE_ACCEPTS:.1f} %.",
        f"## Training\n\n{m['trained_on']['speakers']} named speakers, each at three speeds as three, and "
        f"{m['trained_on']['hours']} h of speech in all; speech without certain names was learned by what Resemblyzer "
        "(Apache-2.0), a public speaker encoder, says of it. It is no part of the pack. "
        + _chosen(recipe_of(pack, recipes)),
        "## Limits\n\n" + LIMITS,
        "## Data\n\nTrain side only; noise and music were mixed under the speech.\n\n"
        + table(
            ["source", "hours", "licence", "attribution"],
            [[d["source"], f"{d['hours']:.2f}", d["licence"], short(d["attribution"])] for d in pack["data"]],
        )
        + "\n\nThe complete attribution of every source is in `pack.json`.",
    ]
    (folder / "CARD.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
