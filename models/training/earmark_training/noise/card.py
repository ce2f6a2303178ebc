"""CARD.md of a noise pack, from `pack.json` and `metrics.json` only."""

from __future__ import annotations

import json
from pathlib import Path

from ..markdown import number, percent, short, table
from . import CLEAN_ABOVE_DB, NOISY_BELOW_DB
from .evalset import FAN_FROM_S
from .survey import HELD_OUT_MUSIC, HELD_OUT_SOUNDS, HELD_OUT_SPEECH

INTENDED = """\
Says, a tenth of a second at a time and without looking ahead, how probable it is that background noise can be heard
behind speech, how loud speech and noise are (hence the SNR), and what kind of noise it is: hum, broadband, music bed,
babble,
transient. Meant for finding the noisy takes of a recording session and for gates that follow the floor. It does not
recognise words or speakers, and it does not judge quality: reverberation, clipping and codecs are not noise here."""

LIMITS = """\
* "Noisy" means noise less than about 26 dB under the voice; what is quieter is told by the SNR, not by the verdict.
* Truth is made: recordings whose own floor is at least 44 dB under the voice count as clean, and noise is added
  to them.
* One talker at a time in training. A second voice in the foreground is neither clearly speech nor clearly babble.
* SNR estimates of single seconds are rougher than those of whole recordings; sparse noises (a bark every ten seconds)
  are averaged over time.
* The kinds come from the words of file lists, not from listening; a recording can be of none or of several.
* GPL, CC BY-SA and ODbL recordings are among the data; whether a trained model is a derived work is not settled."""


def write_card(folder: Path) -> None:
    """CARD.md of one pack."""
    pack = json.loads((folder / "pack.json").read_text())
    m = json.loads((folder / "metrics.json").read_text())
    f, gain, fan = m["figures"], m["gain"], m["fan"]
    snr_rows = [
        [
            f"{r['snr_db']:.0f}",
            r["recordings"],
            percent(r["found"]),
            number(r["roc_auc"], 3),
            number(r["error"]["mae_db"], 1),
            number(r["error"]["bias_db"], 1),
        ]
        for r in f["by_snr"]
    ]

    def groups(way):
        rows = []
        for g in f["groups"].get(way, []):
            at = {r["snr_db"]: r["roc_auc"] for r in g["by_snr"]}
            rows.append(
                [
                    g["name"],
                    g["clean"],
                    percent(g["false_alarms"]),
                    g["noisy"],
                    percent(g["found"]),
                    number(at.get(20.0), 3),
                    number(at.get(30.0), 3),
                ]
            )
        return table([way, "clean", "false alarms", "noisy", "found", "AUC at 20 dB", "AUC at 30 dB"], rows)

    parts = [
        f"# {pack['name']} {pack['version']}: background noise behind speech",
        INTENDED,
        f"{pack['model']['parameters']:,} parameters, steps of 100 ms, no look-ahead, 16 kHz, 64 log-mel bands, "
        f"state carried explicitly. "
        f"Licence of the pack: {pack['licence']}. Model file sha256 `{m['pack']['sha256']}`.",
        f"## Figures\n\nWith `{' '.join(['earmark', *m['command'][1:]])}`, on {f['recordings']} recordings of "
        f"speech sources "
        f"({', '.join(HELD_OUT_SPEECH)}), music ({', '.join(HELD_OUT_MUSIC)}) and kinds of noise "
        f"({', '.join(HELD_OUT_SOUNDS)}) that "
        "training never heard from any source; mixed as waveforms, with rooms, bands, codecs and drop-outs.",
        f"False alarms on clean recordings {percent(f['false_alarms'])}; balanced accuracy "
        f"{percent(f['balanced_accuracy'])} "
        f"(base rate {percent(f['base_rate'])} noisy); ROC-AUC of all noisy against all clean "
        f"{number(f['roc_auc'], 3)}. SNR between -5 and "
        f"25 dB: mean absolute error {number(f['error']['mae_db'], 2)} dB, bias "
        f"{number(f['error']['bias_db'], 2)} dB.",
        table(["SNR, dB", "recordings", "called noisy", "ROC-AUC", "MAE, dB", "bias, dB"], snr_rows),
        groups("origin"),
        groups("room"),
        "### What knows nothing of noise\n\nEach with the best threshold on this very set:\n\n"
        + table(
            ["classifier", "balanced accuracy"], [[s["name"], percent(s["balanced_accuracy"])] for s in f["shortcuts"]]
        ),
        f"Gains of {', '.join(f'{g:+.0f}' for g in gain['gains_db'])} dB move the probability by at most "
        f"{number(gain['largest_change'], 3)}; "
        f"in 95 % of the recordings by at most {number(gain['p95_change'], 3)}.",
        f"A fan that starts after {FAN_FROM_S:.0f} s, {fan['snr_db']:.0f} dB under the voice, in {fan['scenes']} "
        f"scenes: the timeline turns noisy in the second in "
        f"which it starts in {fan['in_its_window']}, in the next one in {fan['one_window_later']}, later or never "
        f"in {fan['later_or_never']}; of the "
        f"{fan['windows_before']} seconds before it {fan['noisy_windows_before']} are called noisy, one of them "
        f"only because of the fan in {fan['turned_before']} scenes; what is said of those that do not look into "
        f"it is the same without it in {fan['scenes'] - fan['changed_before']} of {fan['scenes']}. (A second is "
        f"judged half a second later.)",
        f"Sentences of the held-out sources as their owners have them, own floors of mostly 25 to 40 dB under the "
        f"voice: {percent(m['untouched']['called_noisy'])} "
        f"of {m['untouched']['sentences']} are called noisy ("
        + ", ".join(
            f"{source} {percent(v['called_noisy'])} of {v['sentences']}"
            for source, v in m["untouched"]["by_source"].items()
        )
        + ").",
        f"## Threshold\n\n{_thresholds(pack)} It was chosen on the development set, which shares no recording "
        f"with the one that "
        "these figures come from, for few clean and reverberant takes that are called noisy. The target in "
        "training is 1 "
        f"where noise is {NOISY_BELOW_DB:.0f} dB or less under the speech and 0 from {CLEAN_ABOVE_DB:.0f} dB on, "
        f"with a "
        "straight line between, so that recordings with the usual floor of a quiet room stay mostly clean.",
        "## Curves\n\n![by SNR](curves/snr.svg)\n\n![training](curves/training.svg)",
        "## Limits\n\n" + LIMITS,
        "## Data\n\nRecordings of the train split without what is held out. Synthetic hums, fans, clicks, "
        "alarms, rooms, crowds and "
        "beds were made on top of it.\n\n"
        + table(
            ["source", "hours", "licence", "attribution"],
            [[d["source"], f"{d['hours']:.2f}", d["licence"], short(d["attribution"])] for d in pack["data"]],
        )
        + "\n\nThe complete attribution of every source is in `pack.json`.",
    ]
    (folder / "CARD.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _thresholds(pack: dict) -> str:
    noise = pack["thresholds"]["noise"]
    return f"A stretch is noisy from {noise['open']} on, and stays so down to {noise['close']}."
