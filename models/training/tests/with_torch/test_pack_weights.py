"""The weights of a finished pack are what its file computes, and survive the white basis."""

import argparse
import hashlib

import numpy as np
import pytest
import torch

from earmark_training import LABELS, SINGING
from earmark_training.corpus import CorpusError
from earmark_training.export import probe, write_pack
from earmark_training.making import pack_named
from earmark_training.network import SHAPES, Ear, Shape
from earmark_training.plan import Plan
from earmark_training.recipes import RecipeError
from earmark_training.runtime import PackRuntime
from earmark_training.targets import YES
from earmark_training.train import truth_of, witnesses_of
from earmark_training.weights import NEVER_LOGIT, load_pack, widen


def pack(folder, name: str) -> Ear:
    torch.manual_seed(1)
    model = Ear(SHAPES[name]).eval()
    if model.shape.refine:
        torch.nn.init.normal_(model.correction.weight, std=0.2)
    write_pack(model, folder, name, "0.0.0", {}, [])
    return model


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_a_pack_is_read_back_and_may_move_into_a_white_basis(name, tmp_path):
    pack(tmp_path, name)
    features = probe(400)
    said = PackRuntime(tmp_path).scores(features)
    with torch.no_grad():
        read = load_pack(tmp_path, SHAPES[name])
        heard = torch.sigmoid(read.whole(torch.from_numpy(features)[None]))[0].numpy()
        assert np.abs(heard - said).max() < 1e-5
        white = Ear(SHAPES[name]).eval()
        patch = 64 * white.shape.first_kernel
        white.set_basis(torch.randn(4000, patch) @ torch.randn(patch, patch) * 0.05 + 2.0)
        white.take(read)
        moved = torch.sigmoid(white.whole(torch.from_numpy(features)[None]))[0].numpy()
    assert np.abs(moved - said).max() < 1e-3


def test_a_label_that_a_pack_lacks_begins_at_hardly_ever():
    hop, old = 4, ["speech", "music", "noise"]
    weight = np.arange(hop * 3 * 5, dtype=np.float32).reshape(hop * 3, 5)
    values = {"head.weight": weight, "head.bias": np.arange(hop * 3, dtype=np.float32)}
    widen(values, "head", old, hop)
    wide, bias = values["head.weight"].reshape(hop, len(LABELS), 5), values["head.bias"].reshape(hop, len(LABELS))
    kept = [LABELS.index(label) for label in old]
    assert np.array_equal(wide[:, kept].reshape(-1, 5), weight) and np.array_equal(bias[:, kept].ravel(), np.arange(12))
    assert (wide[:, SINGING] == 0).all() and (bias[:, SINGING] == NEVER_LOGIT).all()


def test_weights_of_another_shape_are_refused(tmp_path):
    pack(tmp_path, "live")
    with pytest.raises(CorpusError, match="shape"):
        load_pack(tmp_path, Shape(hidden=96))


def test_what_the_old_network_says_of_music_and_noise_is_kept_in_part():
    torch.manual_seed(2)
    old = Ear(SHAPES["live"]).eval()
    features = torch.randn(2, 40, 64) * 15 - 30
    stored = torch.zeros(2, 40, len(LABELS), dtype=torch.uint8)
    stored[:, 10:20] = YES
    said = torch.sigmoid(old.whole(features)).detach()
    truth = truth_of(stored, features, witnesses_of(Plan(keep_old=0.5), old, features.device))
    hard = truth_of(stored, features)
    for label, name in enumerate(LABELS):
        if name in ("music", "noise"):
            assert torch.allclose(truth[..., label], 0.5 * hard[..., label] + 0.5 * said[..., label])
        else:
            assert torch.equal(truth[..., label], hard[..., label])
    assert hard.unique().tolist() == [0.0, 1.0]


def test_a_teacher_has_its_share_in_all_targets(tmp_path):
    model = pack(tmp_path, "studio")
    features = torch.randn(2, 40, 64) * 15 - 30
    stored = torch.zeros(2, 40, len(LABELS), dtype=torch.uint8)
    stored[:, 10:20] = YES
    plan = Plan(teacher=str(tmp_path), teacher_share=0.25)
    truth = truth_of(stored, features, witnesses_of(plan, None, features.device))
    said = torch.sigmoid(model.whole(features)).detach()
    assert torch.allclose(truth, 0.75 * truth_of(stored, features) + 0.25 * said, atol=1e-5)


def test_a_pack_of_another_kind_cannot_teach(tmp_path):
    write_pack(Ear(SHAPES["live"]).eval(), tmp_path, "noise", "0.0.0", {}, [])
    with pytest.raises(CorpusError, match="noise is no network that can teach"):
        witnesses_of(Plan(teacher=str(tmp_path)), None, torch.device("cpu"))


def test_a_recipe_names_a_pack_by_the_hash_of_its_network(tmp_path):
    pack(tmp_path / "packs" / "studio", "studio")
    digest = hashlib.sha256((tmp_path / "packs" / "studio" / "model.onnx").read_bytes()).hexdigest()
    made = argparse.Namespace(weights=[], out=tmp_path / "packs")
    brought = argparse.Namespace(weights=[tmp_path / "packs" / "studio"], out=tmp_path / "nothing")
    for options in (made, brought):
        assert pack_named(f"sha256:{digest}", "run a is taught by", options) == str(tmp_path / "packs" / "studio")
    with pytest.raises(RecipeError, match=r"run a is taught by a model of sha256 bbb.*--weights"):
        pack_named("sha256:" + "b" * 64, "run a is taught by", made)
