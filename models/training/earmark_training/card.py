"""Writes `CARD.md` from `pack.json` and `metrics.json`; no figure is typed by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

from .beside import beside
from .markdown import number, percent, short, table
from .recipes import Recipe, recipe_of

SINGING_IS = {
    True: "Singing is a label of its own, and music too; rap and spoken word over a beat are speech;",
    False: "Singing counts as music, not as speech;",
}
"""Where the line between singing and speech is, by whether the pack has a label for singing."""

PURPOSE = {
    True: "tagging\nrecordings and programmes, for gates and for cutting",
    False: "monitoring\nand for gates that must not wait; whoever can wait hears better with live or studio",
}
"""What a pack is meant for, by whether it looks ahead."""

INTENDED = """\
Tells, 100 times a second, whether {labels} can be heard; any of them at once. Meant for {purpose}. \
{singing} a crowd of six or more
voices counts as noise. It does not recognise words, speakers or emotions, and it must not be used to watch people."""

LIMITS = """\
* Trained on read sentences, acted dialogue, single words and game or orchestral music: no spontaneous conversation, no
  real telephone calls, little far-field sound, little rap, little real singing, of few artists (other singers are made
  from re-pitched speech).
* Noise labels mean *clearly audible* noise; faint room tone is left unjudged in training, so scores there are
  arbitrary.
* Labels come from the energy of the clean sources, not from listeners.
* Several speech sources have the same readers in train and valid (see the corpus README); figures on sources that
  training never saw are the honest ones where given.
* GPL, CC BY-SA and ODbL recordings are among the data; whether a trained model is a derived work is not settled."""


def _heard_ms(pack: dict) -> float:
    """From the first sample of a frame to the last one that its scores may depend on, at worst, milliseconds."""
    spec, frames = pack["features"], pack["hop_frames"] + pack["lookahead_frames"]
    reach = (frames - 1) * spec["hop"] + spec["window"]["length"] - spec["padding"]["zeros"]
    return 1000.0 * reach / spec["rate_hz"]


def _level_table(title: str, rows: list[dict]) -> str:
    return f"{title}\n\n" + table(
        ["level difference", "scenes", "base rate", "F1", "ROC-AUC", "accuracy"],
        [
            [
                f"{r['from_db']}..{r['to_db']} dB",
                r["scenes"],
                number(r["base_rate"], 3),
                number(r["f1"], 3),
                number(r["roc_auc"]),
                number(r["accuracy"], 3),
            ]
            for r in rows
        ],
    )


CURVES = ("roc", "det", "calibration", "training")


def write_card(folder: Path, recipes: Path) -> None:
    """CARD.md of one pack, from its `pack.json`, its `metrics.json` and its recipe in the folder `recipes`."""
    curves = [f"{name}.svg" for name in CURVES if (folder / "curves" / f"{name}.svg").exists()]
    pack = json.loads((folder / "pack.json").read_text())
    m = json.loads((folder / "metrics.json").read_text())
    names, split = pack["labels"], m["split"]
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    labels = m["mixtures"]["labels"]
    confusion, clean, sung = m["mixtures"]["second_confusion"], m["clean"], m["singing"]
    presence = m["mixtures"]["noise_presence_speech_at_most_15_db"]
    parts = [
        f"# {pack['name']} {pack['version']}: {listed} activity",
        INTENDED.format(
            labels=listed, purpose=PURPOSE[pack["lookahead_frames"] > 0], singing=SINGING_IS["singing" in names]
        ),
        f"{pack['model']['parameters']:,} parameters, {pack['hop_frames'] * 10} ms steps, "
        f"{pack['lookahead_frames'] * 10} ms look-ahead, 16 kHz, 64 log-mel bands, state carried explicitly. "
        f"Scores of a frame need sound up to {_heard_ms(pack):.1f} ms from its beginning: the call, the look-ahead and "
        "the window of the features. "
        f"Licence of the pack: {pack['licence']}. Model file sha256 `{m['model_sha256']}`.",
        *([_rewritten(m["rewritten_from"])] if "rewritten_from" in m else []),
        f"## Figures\n\nComputed on {m['date']} from {m['data']}, with `{m['command']}`. "
        "Frames of 10 ms; a frame that is neither clearly audible nor clearly gone is not judged.",
        _chosen(m, recipe_of(pack, recipes)),
        table(
            [
                "label",
                "ROC-AUC",
                "F1 at 0.5",
                "hits",
                "false alarms",
                "base rate",
                "F1 always yes",
                "accuracy",
                "always yes / no",
            ],
            [
                [
                    n,
                    number(labels[n]["roc_auc"]),
                    number(labels[n]["f1"]),
                    percent(labels[n]["hit_rate"]),
                    percent(labels[n]["false_alarm_rate"]),
                    number(labels[n]["base_rate"], 3),
                    number(labels[n]["all_one"]["f1"], 3),
                    number(labels[n]["accuracy"], 3),
                    f"{labels[n]['all_one']['accuracy']:.3f} / {labels[n]['all_zero']['accuracy']:.3f}",
                ]
                for n in names
            ],
        ),
        "### Speech called where there is none (frames at 0.5)\n\n"
        + table(
            [f"clean {split} audio", "frames called speech"],
            [
                [k.removeprefix("speech_on_").replace("_", " "), percent(v)]
                for k, v in clean.items()
                if k.startswith("speech_on_") and k != "speech_on_sung_frames"
            ]
            + [
                ["synthetic singers over music", percent(sung["over_music"])],
                ["synthetic singers alone", percent(sung["alone"])],
                ["sung lines of children's songs", percent(sung["robotutor_songs"])],
                ["music, at the default thresholds", percent(m.get("speech_on_music_at_default_thresholds"))],
            ],
        ),
        *_sung(clean, names),
        *_conditions(m.get("conditions")),
        _level_table("### Speech over music", m["mixtures"]["speech_over_music"]),
        _level_table("### Speech over noise", m["mixtures"]["speech_over_noise"]),
        _level_table("### Music under speech (speech louder by)", m["mixtures"]["music_under_speech"]),
        _level_table("### Noise under speech (speech louder by)", m["mixtures"]["noise_under_speech"]),
        f"Noise present or not, speech at most 15 dB above it against clean speech and silence: F1 "
        f"{number(presence['f1'])} "
        f"(base rate {number(presence['base_rate'], 3)}).",
        "### Level of the recording (same scenes, 16 bit)\n\n"
        + table(["peak dBFS", *names], [[r["peak_dbfs"], *[number(r[n]) for n in names]] for r in m["gain"]]),
        f"### By second\n\nThe set of labels heard per second is right in {percent(confusion['accuracy'])} of "
        f"{confusion['seconds']} seconds. Rows: truth; columns: said.\n\n"
        + table(
            ["", *confusion["order"]],
            [[n, *row] for n, row in zip(confusion["order"], confusion["rows_truth_columns_said"], strict=True)],
        ),
    ]
    if m.get("word_borders"):
        parts.append(
            "### Against word times (valid stories; the same voices are likely in train)\n\n"
            + table(
                ["source", "ROC-AUC, word times", "F1, word times", "ROC-AUC, energy labels", "F1, energy labels"],
                [
                    [
                        s,
                        number(v["word_times"]["roc_auc"]),
                        number(v["word_times"]["f1"]),
                        number(v["energy_labels"]["roc_auc"]),
                        number(v["energy_labels"]["f1"]),
                    ]
                    for s, v in m["word_borders"].items()
                ],
            )
        )
    borders = {
        "scenes": m["scene_borders"],
        **{source: of["borders"] for source, of in (m.get("word_borders") or {}).items()},
    }
    parts.append(
        "### Onsets and silences\n\nAfter 150 ms without speech and more, raw score against 0.5, no lag "
        f"corrected: plain speech scenes of the {split} split "
        "(labels from the energy of the clean voice), and timed words of valid stories. Word times are off in "
        "places: an onset is confirmed by sound "
        "within 60 ms of it, a silence by half of it lying 20 dB under the voice.\n\n"
        + table(
            ["of", "onsets", "missed", "delay p50, ms", "delay p90, ms", "silences", "found"],
            [
                [
                    f"{of}, {which}",
                    b["onsets"],
                    b["missed"],
                    _ms(b["delay_ms_p50"]),
                    _ms(b["delay_ms_p90"]),
                    b["silences"],
                    percent(b["silences_found"]),
                ]
                for of, figures in borders.items()
                for which, b in figures.items()
            ],
        )
    )
    spoken = m["languages"]
    parts.append(
        "### Languages\n\nRecall of speech frames in languages heard in training: "
        f"{percent(spoken['recall_seen'])}; in languages never heard ({', '.join(spoken['unseen']) or 'none'}): "
        f"{percent(spoken['recall_unseen'])}."
    )
    same = spoken["same_source"]
    if same["sources"]:
        parts[-1] += (
            f" Within {', '.join(same['sources'])}, mean over languages: {percent(same['recall_seen'])} of "
            f"{same['languages_seen']} heard, "
            f"{percent(same['recall_unseen'])} of {same['languages_unseen']} never heard."
        )
    if m.get("held_out"):
        parts.append(
            "### Sources that training never saw\n\n"
            + m["held_out"]["note"]
            + "\n\n"
            + table(
                ["source", "class", "ROC-AUC", "F1 at 0.5", "false speech, alone", "recall, alone"],
                [
                    [
                        r["source"],
                        r["class"],
                        number(r["roc_auc"]),
                        number(r["f1"]),
                        percent(r["false_speech"]),
                        percent(r["recall"]),
                    ]
                    for r in m["held_out"]["sources"]
                ],
            )
        )
    parts += [
        *beside(pack, m["model_sha256"], recipes.parent / "peers.json"),
        f"## Default thresholds\n\n{m['threshold_reason']}." + _sure(m.get("sure")),
        "## Curves\n\n" + "\n".join(f"![{c.removesuffix('.svg')}](curves/{c})" for c in curves),
        "## Limits\n\n" + LIMITS,
        "## Data\n\nRecordings of the train split; hours are those trained on. Synthetic hums, fans, clicks, "
        "alarms, rooms, "
        "singers and crowds were made on top of it by the training project."
        + _began(m.get("began_with"))
        + "\n\n"
        + table(
            ["source", "hours", "licence", "attribution"],
            [[d["source"], f"{d['hours']:.2f}", d["licence"], short(d["attribution"])] for d in pack["data"]],
        )
        + "\n\nThe complete attribution of every source is in `pack.json`.",
    ]
    (folder / "CARD.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _chosen(metrics: dict, recipe: Recipe | None) -> str:
    """How these weights came to be the ones, and what that does to the figures."""
    parts = []
    if recipe:
        choice = recipe.choice
        count = choice["candidates"]
        parts.append(
            f"One of {count} candidates, compared on {' and on '.join(choice['compared_on'])}."
            if count > 1
            else f"The only candidate; what stopped its training: {' and '.join(choice['compared_on'])}."
        )
    if metrics["split"] == "test":
        earlier = metrics["earlier_packs_on_test"]
        parts.append(
            "The figures are those of the test split, measured once: no recording and no speaker of it trained, "
            "stopped, "
            f"calibrated or chose this pack. Versions of this pack measured there before: {earlier}."
        )
        if metrics["clips_that_chose_earlier_packs"]:
            parts.append(
                f"{metrics['clips_that_chose_earlier_packs']} of its {metrics['clips']} clips had a part in choosing "
                "packs up to 0.6.0."
            )
    else:
        parts.append(
            "The figures are those of the valid split, whose recordings also stopped the training, set the "
            "calibration and "
            "the thresholds and chose among candidates; where mixtures were kept apart for calibration, their "
            "recordings "
            "were not. They flatter the pack. There was no test split."
        )
    if recipe and not recipe.reproducible:
        reason = " ".join(recipe.values["reason"].split())
        parts.append(f"This pack cannot be made again from a command. {reason}")
    elif recipe:
        parts.append(f"Made by `models/recipes/{recipe.path.name}`.")
    return "### How it was chosen\n\n" + " ".join(parts)


def _rewritten(old: dict) -> str:
    return (
        f"The network is that of {old['version']} (sha256 `{old['sha256']}`), its graph rewritten for small calls: "
        f"scores differ by at most {math.ceil(1e6 * old['largest_difference'])}e-6. "
        f"The figures were measured on {old['version']}."
    )


def _sung(clean: dict, names: list[str]) -> list[str]:
    """What is called where somebody sings, with the word of who says so."""
    if "singing" not in names or clean.get("singing_found_in_sung_frames") is None:
        return []
    rows = [
        ("sung frames called singing", "singing_found_in_sung_frames"),
        ("sung frames called speech", "speech_on_sung_frames"),
        ("music frames without singing called singing", "singing_on_frames_not_sung"),
        ("clean speech called singing", "singing_on_speech"),
    ]
    return [
        "### Singing (frames at 0.5)\n\nWhere a song is sung is what FireRed's AED hears in it together with the word "
        "of its source or YAMNet; unaccompanied songs are sung as their source says. It is no listener's word.\n\n"
        + table(["", "share"], [[text, percent(clean.get(key))] for text, key in rows])
    ]


def _conditions(rows: list[dict] | None) -> list[str]:
    if not rows:
        return []
    return [
        "### Hard recordings (frames at 0.5)\n\nMade by rule of the clean clips of the split; labels of voices from "
        "their clean recordings.\n\n"
        + table(
            ["recordings", "number", "speech found", "ROC-AUC", "silence called speech", "called music"],
            [
                [
                    r["condition"],
                    r["recordings"],
                    percent(r["recall"]),
                    number(r["roc_auc"]),
                    percent(r["called_speech"]),
                    percent(r["called_music"]),
                ]
                for r in rows
            ],
        )
    ]


def _began(pack: str | None) -> str:
    if not pack:
        return ""
    return f" The weights began as those of {pack}, whose recordings are listed too, with the hours that it heard."


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def _sure(sure: dict | None) -> str:
    if not sure or not sure["sure"]:
        return ""
    return (
        f"\n\nIn files, which can wait, a stretch of speech must also reach {sure['sure']} once, within two "
        f"seconds of what it keeps: "
        f"on the calibration scenes that costs {percent(sure['lost_speech'])} of the speech found, and the share "
        f"of clean valid music and "
        f"noise called speech goes from {percent(sure['false_speech_without'])} to "
        f"{percent(sure['false_speech_with'])}."
    )
