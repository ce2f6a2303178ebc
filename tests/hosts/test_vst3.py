"""The VST3 bundle in pedalboard and dawdreamer: the bytes of `earmark render --live`, whatever the host.

`plugin/tests/vst3/python.rs` writes the cases and runs this; EARMARK_HOST_CASES names the list. Audio files are raw
single-precision planes.
"""

import gc
import json
import os
import pathlib

import dawdreamer
import numpy as np
import pedalboard
import pytest

LIST = json.loads(pathlib.Path(os.environ["EARMARK_HOST_CASES"]).read_text())
BUNDLE = LIST["bundle"]
CASES = LIST["cases"]
STEREO = [case for case in CASES if case["channels"] == 2]


def planes(path, channels):
    return np.fromfile(path, dtype="<f4").reshape(channels, -1)


def audio(case):
    return planes(case["input"], case["channels"]), planes(case["output"], case["channels"])


def same_bytes(got, wanted, what):
    got = np.ascontiguousarray(got, dtype=np.float32)
    assert got.shape == wanted.shape, what
    different = np.flatnonzero((got.view(np.uint32) != wanted.view(np.uint32)).any(axis=0))
    assert different.size == 0, f"{what}: {different.size} samples differ, the first at {different[0]}"


def ids(cases):
    return [case["name"] for case in cases]


def raw_parameter(plugin, name):
    (found,) = [parameter for parameter in plugin.parameters.values() if parameter.name == name]
    return found


@pytest.mark.parametrize("block", [512, 8192])
@pytest.mark.parametrize("case", CASES, ids=ids(CASES))
def test_pedalboard(case, block):
    # It says offline, compensates the latency, and never passes the sidechain that is declared.
    given, wanted = audio(case)
    plugin = pedalboard.load_plugin(BUNDLE)
    for name, _, value in case["settings"]:
        raw_parameter(plugin, name).raw_value = value
    for turn in ("first", "second"):
        got = plugin(given, case["rate"], buffer_size=block, reset=True)
        same_bytes(got, wanted, f"{turn} render")


def test_ten_bounces():
    given, wanted = audio(STEREO[0])
    for instance in range(5):
        plugin = pedalboard.load_plugin(BUNDLE)
        for turn, block in enumerate((512, 64 + 1_000 * instance)):
            got = plugin(given, STEREO[0]["rate"], buffer_size=block, reset=True)
            same_bytes(got, wanted, f"bounce {2 * instance + turn}, blocks of {block}")


@pytest.mark.parametrize("case", STEREO, ids=ids(STEREO))
def test_dawdreamer(case):
    # It reports the latency and does not compensate it. Its other layouts are for plugins with one output bus; mono and
    # the sidechain are pedalboard's and vst3-host's.
    given, wanted = audio(case)
    (block, latency), _ = case["latencies"]
    engine = dawdreamer.RenderEngine(case["rate"], block)
    plugin = engine.make_plugin_processor("earmark", BUNDLE)
    # JUCE counts parameters group by group.
    places = {parameter["name"]: parameter["index"] for parameter in plugin.get_parameters_description()}
    for name, _, value in case["settings"]:
        plugin.set_parameter(places[name], value)
    silence = np.zeros((2, latency + block), dtype=np.float32)
    player = engine.make_playback_processor("main", np.concatenate([given, silence], axis=1))
    engine.load_graph([(player, []), (plugin, ["main"])])
    # The engine counts seconds and rounds; it may give one sample less or more.
    engine.render((given.shape[1] + latency + 1) / case["rate"])
    assert plugin.get_latency_samples() == latency
    got = engine.get_audio()[:, latency:]
    samples = wanted.shape[1]
    assert got.shape[1] >= samples
    same_bytes(got[:, :samples], wanted, "render")


def rendered(case, prepare=lambda plugin, places, samples: None):
    """Renders a case in dawdreamer, without its latency, after `prepare` has had the plugin."""
    given, wanted = audio(case)
    (block, latency), _ = case["latencies"]
    engine = dawdreamer.RenderEngine(case["rate"], block)
    plugin = engine.make_plugin_processor("earmark", BUNDLE)
    places = {parameter["name"]: parameter["index"] for parameter in plugin.get_parameters_description()}
    silence = np.zeros((2, latency + block), dtype=np.float32)
    played = np.concatenate([given, silence], axis=1)
    prepare(plugin, places, played.shape[1])
    engine.load_graph([(engine.make_playback_processor("main", played), []), (plugin, ["main"])])
    engine.render((given.shape[1] + latency + 1) / case["rate"])
    return engine.get_audio()[:, latency : latency + wanted.shape[1]], wanted, block


def test_automation_is_heard_where_it_was_drawn():
    # Once a step was heard too soon by the latency, 142 ms.
    (case,) = [case for case in STEREO if case["rate"] == 48_000 and not case["settings"]]
    loud = np.flatnonzero(np.abs(audio(case)[1][0]) > 0.01)
    at = int(loud[len(loud) // 2])

    def draw(plugin, places, samples):
        gain = np.full(samples, 0.5, dtype=np.float32)
        gain[at:] = 0.625  # 0 dB, then 6 dB of -24 to 24
        assert plugin.set_automation(places["Output gain"], gain)

    got, wanted, block = rendered(case, draw)
    different = np.flatnonzero((got != wanted).any(axis=0))
    # The host hands values over block by block.
    assert at - block <= different[0] <= at + block, (different[0] - at) / case["rate"]


def test_a_preset_file_is_shown(tmp_path):
    # Once the sound was the file's, and the host showed the values of before.
    plugin = pedalboard.load_plugin(BUNDLE)
    other = pedalboard.load_plugin(BUNDLE)
    raw_parameter(other, "Range").raw_value = 0.125
    path = tmp_path / "own.vstpreset"
    path.write_bytes(other.preset_data)
    plugin.load_preset(str(path))
    given, _ = audio(CASES[0])
    plugin(given[:, : CASES[0]["rate"] // 10], CASES[0]["rate"])
    assert raw_parameter(plugin, "Range").raw_value == pytest.approx(0.125, abs=1e-6)


def component_state(plugin):
    """The plugin's own bytes inside the host's."""
    text = plugin.raw_state
    start, end = text.index(b"<IComponent>"), text.index(b"</IComponent>")
    return juce_base64(text[start + len(b"<IComponent>") : end].decode())


def juce_base64(text):
    """JUCE's own encoding: the length, a dot, six bits a letter, lowest first."""
    letters = ".ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+"
    length, data = text.split(".", 1)
    bits = np.zeros(6 * len(data), dtype=np.uint8)
    for place, letter in enumerate(data):
        value = letters.index(letter)
        bits[6 * place : 6 * place + 6] = [value >> bit & 1 for bit in range(6)]
    return np.packbits(bits, bitorder="little").tobytes()[: int(length)]


def test_the_state_goes_round():
    (case,) = [case for case in CASES if case["settings"]]
    given, wanted = audio(case)
    first = pedalboard.load_plugin(BUNDLE)
    for name, _, value in case["settings"]:
        raw_parameter(first, name).raw_value = value
    assert component_state(first).decode() == LIST["state"], "the same bytes as in every format"
    second = pedalboard.load_plugin(BUNDLE)
    second.raw_state = first.raw_state
    for name, _, value in case["settings"]:
        assert raw_parameter(second, name).raw_value == pytest.approx(value, abs=1e-6)
    assert second.raw_state == first.raw_state
    same_bytes(second(given, case["rate"]), wanted, "with the state of another instance")


def resident_bytes():
    status = pathlib.Path("/proc/self/statm").read_text().split()
    return int(status[1]) * os.sysconf("SC_PAGESIZE")


def load_and_drop(case):
    given, _ = audio(case)
    plugin = pedalboard.load_plugin(BUNDLE)
    plugin(given[:, : case["rate"] // 10], case["rate"])
    del plugin
    gc.collect()


def test_twenty_loads_do_not_grow():
    for _ in range(5):
        load_and_drop(CASES[0])
    before = resident_bytes()
    for _ in range(20):
        load_and_drop(CASES[0])
    grown = resident_bytes() - before
    assert grown < 4 << 20, f"{grown} bytes more"
