"""The voice pack's network, export, loss, cohort and calibration, and a whole pack of a small corpus."""

import json

import numpy as np
import pytest
import torch
from voices import make_corpus

from earmark_training.corpus import build_cache
from earmark_training.export import ExportError
from earmark_training.ledger import LedgerError
from earmark_training.runtime import PackRuntime
from earmark_training.voice import DIM, HOP_FRAMES, cohort, enrolments, packing, roster, teacher
from earmark_training.voice.bank import Bank, build
from earmark_training.voice.draws import Draws
from earmark_training.voice.export import write_pack
from earmark_training.voice.network import LOOKAHEAD_FRAMES, Shape, Voiceprint, parameter_count, pooled
from earmark_training.voice.quick import Quick
from earmark_training.voice.train import Plan, load_average, margin_at, speaker_loss, teacher_loss, train

SMALL = Shape(narrow=16, wide=24, expanded=32)


def trained_looking(shape: Shape = SMALL) -> Voiceprint:
    """A network whose normalisation has seen something."""
    torch.manual_seed(0)
    network = Voiceprint(shape)
    network.set_basis(torch.randn(2000, 384) + 2.0)
    for _ in range(3):
        network.rows(torch.rand(8, 80, 64) * 60 - 80)
    return network.eval()


def test_the_network_is_as_small_as_promised():
    assert parameter_count(Voiceprint(Shape())) <= 1_500_000


def test_folding_changes_nothing():
    network, features = trained_looking(), torch.rand(2, 120, 64) * 60 - 80
    with torch.no_grad():
        before = network.rows(features)
        network.fold()
        assert torch.allclose(before, network.rows(features), atol=1e-4)
    assert all(isinstance(n, torch.nn.Identity) for n in network.norms)


def test_a_row_hears_no_further_than_the_look_ahead():
    network = trained_looking()
    features = torch.full((1, 400, 64), -40.0)
    changed = features.clone()
    changed[:, 200] = 0.0
    with torch.no_grad():
        touched = (network.rows(features) != network.rows(changed)).any(2)[0].nonzero().flatten()
    assert (200 - LOOKAHEAD_FRAMES) // HOP_FRAMES <= touched.min() <= 200 // HOP_FRAMES
    assert 200 // HOP_FRAMES <= touched.max() < 200 // HOP_FRAMES + 25


def test_the_file_computes_what_the_network_computes(tmp_path):
    parity = write_pack(trained_looking(), tmp_path, "voice", "9.9.9", [], {})
    assert max(parity.values()) < 1e-5
    pack = json.loads((tmp_path / "pack.json").read_text())
    assert pack["task"] == "voice" and pack["vectors"] == {"dim": DIM} and "labels" not in pack
    assert pack["lookahead_frames"] % pack["hop_frames"] == 0
    assert {node.op_type for node in _nodes(tmp_path)} <= {
        "Add", "Cast", "Concat", "MatMul", "Mul", "Relu", "Reshape", "Sigmoid", "Slice", "Sub", "Transpose", "Identity"
    }  # fmt: skip
    shapes = {v.name: v.shape for v in PackRuntime(tmp_path).session.get_inputs()}
    assert all(shapes[s["input"]] == s["shape"] for s in pack["states"])


def _nodes(folder):
    import onnx

    return onnx.load(folder / "model.onnx").graph.node


def test_a_network_that_is_not_what_was_measured_is_refused(tmp_path, monkeypatch):
    other = trained_looking()
    monkeypatch.setattr("earmark_training.voice.export.check_parity", lambda model, folder: {"pytorch": 1e-3})
    with pytest.raises(ExportError):
        write_pack(other, tmp_path, "voice", "9.9.9", [], {})


def test_an_interval_is_the_sum_of_its_rows():
    rows = torch.randn(1, 10, 4)
    inside = torch.zeros(1, 10)
    inside[:, 2:5] = 1
    assert torch.allclose(pooled(rows, inside), pooled(rows[:, 2:5]))
    assert torch.allclose(pooled(rows).norm(dim=1), torch.ones(1))


def test_the_loss_counts_the_labelled_and_the_margin_makes_it_harder():
    torch.manual_seed(1)
    embedding, speakers = torch.nn.functional.normalize(torch.randn(6, 8), dim=1), torch.randn(5, 8)
    label = torch.tensor([0, 1, -1, 3, -1, 4])
    plain, harder = (speaker_loss(embedding, speakers, label, margin, 30.0) for margin in (0.0, 0.2))
    moved = embedding.clone()
    moved[2] = -moved[2]
    assert plain < harder and torch.equal(plain, speaker_loss(moved, speakers, label, 0.0, 30.0))
    targets = torch.randn(3, 8)
    voice = torch.tensor([0, -1, -1, -1, -1, -1])
    said = torch.cat([targets[:1] * 7, embedding[1:]])
    assert teacher_loss(said, targets, voice) == pytest.approx(0.0, abs=1e-6)
    assert [margin_at(p, Plan()) for p in (0.0, 0.1, 0.15, 0.5)] == pytest.approx([0.0, 0.0, 0.1, 0.2])


def test_the_teachers_bands_have_equal_area():
    bands = teacher.slaney_bank()
    assert bands.shape == (201, 40) and (bands >= 0).all()
    assert np.allclose(bands[:, 15:].sum(0) * 40.0, 1.0, atol=0.1)  # 40 Hz a bin


def unit(count: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((count, 16)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_the_cohort_file_gives_back_its_vectors(tmp_path):
    vectors = unit(30, 0)
    said = cohort.write(vectors, "0" * 64, tmp_path / "cohort.bin")
    back = cohort.read(tmp_path / said["file"])
    assert back.shape == vectors.shape and (back * vectors).sum(1).min() > 0.999
    head, rows = (tmp_path / "cohort.bin").read_bytes().split(b"\n", 1)
    assert json.loads(head) == {"format": 1, "dim": 16, "count": 30, "model_sha256": "0" * 64}
    assert len(rows) == 30 * (4 + 16)


def test_normalised_scores_are_deviations_from_the_most_alike_impostors(monkeypatch):
    monkeypatch.setattr(cohort, "TOP", 5)
    models, tests, impostors = unit(2, 1), unit(3, 2), unit(40, 3)
    scores = cohort.normalised(models, tests, impostors)
    top = lambda v: np.sort(impostors @ v)[-5:]
    raw = models[1] @ tests[2]
    parts = [(raw - top(v).mean()) / max(top(v).std(), 0.01) for v in (models[1], tests[2])]
    assert scores.shape == (2, 3) and scores[1, 2] == pytest.approx(np.mean(parts), rel=1e-4)


def test_the_calibration_puts_the_default_where_few_impostors_pass():
    rng = np.random.default_rng(4)
    duration_s = rng.uniform(0.4, 3.0, 8000)
    same = rng.random(8000) < 0.5
    scores = rng.normal(0, 1, 8000) + same * (4 + np.log(duration_s))
    fitted = cohort.fit(scores, duration_s, same, np.ones(8000), 0.02)
    said = cohort.logits(scores, duration_s, fitted)
    passed = said > np.log(cohort.OWNER / (1 - cohort.OWNER))
    assert passed[~same].mean() == pytest.approx(0.02, abs=0.003)
    assert passed[same].mean() > 0.9
    with pytest.raises(ValueError):
        cohort.fit(-scores, duration_s, same, np.ones(8000), 0.02)


def test_words_that_were_enrolled_get_a_stricter_curve():
    rng = np.random.default_rng(5)

    def trials(impostor: float, same_words: bool) -> enrolments.Tried:
        same = rng.random(4000) < 0.3
        score = np.where(same, rng.normal(6, 1, 4000), rng.normal(impostor, 1, 4000))
        number, nobody = np.zeros(4000, int), np.full(4000, "")
        return enrolments.Tried(
            score, np.ones(4000), same, number, number, same, nobody, nobody, same_words=same_words
        )  # fmt: skip

    tried = {"sentence": trials(0, False), "word": trials(2, True)}
    calibration = packing.calibrate(tried)
    limit = np.log(cohort.OWNER / (1 - cohort.OWNER))
    let_in = lambda name, curve: np.mean(
        cohort.logits(tried[name].score, tried[name].duration_s, curve)[~tried[name].same] > limit
    )
    assert let_in("word", calibration["same_words"]) == pytest.approx(cohort.PASSWORD_FALSE_ACCEPTS, abs=0.005)
    assert let_in("word", calibration) > 1.5 * cohort.PASSWORD_FALSE_ACCEPTS
    assert calibration["cohort_top"] == cohort.TOP and calibration["duration_s"] == list(cohort.DURATION_S)


def test_a_small_corpus_becomes_a_pack_that_is_measured_once(tmp_path):
    folder = make_corpus(tmp_path / "corpus")
    cache = build_cache([folder], tmp_path / "audio", 1)
    everyone = roster.voices(cache.clips, roster.details_of([folder]))
    learners = roster.to_train(everyone)
    build(cache, learners, tmp_path / "bank", 1)
    bank = Bank(tmp_path / "bank")
    assert len(bank.entries) == 4 * len(learners) and bank.hours() > 0
    goals = np.random.default_rng(0).random((len(learners), 256)).astype(np.float32)
    draws = Draws(bank, goals.any(1))
    draws.unnamed = list(range(10))
    plan = Plan(steps=40, budget_frames=3000, margin=0.0, half=False, report_every=20, save_every=20)
    run = tmp_path / "runs" / "small"
    train(run, SMALL, plan, draws, goals, Quick(cache, everyone))
    losses = [float(line.split(",")[2]) for line in (run / "log.csv").read_text().splitlines()[1:]]
    assert losses[1] < losses[0]
    pack, recipes = tmp_path / "pack", tmp_path / "recipes"
    peer = lambda recordings: np.array([[np.abs(x).mean(), 0.1] for x in recordings])
    packing.make(cache, everyone, learners, bank, load_average(run), run, pack, "9.9.9", peer, recipes)
    assert "test" not in json.loads((pack / "metrics.json").read_text())
    packing.test(cache, everyone, pack, peer, recipes)
    metrics, card = json.loads((pack / "metrics.json").read_text()), (pack / "CARD.md").read_text()
    assert metrics["test"]["speakers"] == 8 and metrics["tested_before"] == 0
    assert {r["kind"] for r in metrics["test"]["pairs"]} == {"sentence", "word", "two words", "all"}
    assert "# voice 9.9.9" in card and "nobody" in card and "## Test" in card
    manifest = json.loads((pack / "pack.json").read_text())
    assert manifest["calibration"]["cohort_top"] == cohort.TOP
    (pack / "pack.json").write_text(json.dumps({**manifest, "model": {**manifest["model"], "sha256": "1" * 64}}))
    with pytest.raises(LedgerError):
        packing.test(cache, everyone, pack, peer, recipes)
