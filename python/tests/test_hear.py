"""Recordings: what the package hears is what the command hears."""

import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import earmark


@pytest.mark.parametrize("format", [name for name in earmark.FORMATS if name != "matrix"])
def test_every_format_is_the_commands_byte_for_byte(programme, command, format):
    assert earmark.tag(programme).to(format).encode() == command("tag", programme, "--format", format)


def test_settings_mean_what_the_flags_mean(programme, command):
    heard = earmark.tag(programme, threshold={"speech": 0.8}, silence_dbfs=-50, exclusive=["speech", "music"], refine=False)
    flags = ["--threshold", "speech=0.8", "--silence-dbfs", "-50", "--exclusive", "speech,music", "--no-refine"]
    assert heard.to("csv").encode() == command("tag", programme, "--format", "csv", *flags)
    assert heard != earmark.tag(programme)


@pytest.mark.parametrize("purpose", ["subtitles", "transcription", "archive", "editing"])
def test_a_purpose_is_that_of_the_flag(programme, command, purpose):
    heard = earmark.tag(programme, purpose=purpose)
    assert heard.to("json").encode() == command("tag", programme, "-f", "json", "--for", purpose)
    assert heard != earmark.tag(programme)


def test_the_shape_of_speech_is_that_of_the_flags(programme, command):
    shape = {"min_speech_ms": 400, "min_silence_ms": 350, "pad_ms": 120, "max_segment_s": 2.5}
    flags = [word for name, value in shape.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    heard = earmark.tag(programme, **shape)
    assert heard.to("json").encode() == command("tag", programme, "-f", "json", *flags)
    assert max(s.end - s.start for s in heard if s.label == "speech") <= 2.5 + 2 * 0.12
    # What is given goes before the purpose.
    both = earmark.tag(programme, purpose="subtitles", pad_ms=0)
    assert both.to("csv").encode() == command("tag", programme, "-f", "csv", "--for", "subtitles", "--pad-ms", "0")


def test_a_shape_that_cannot_be_is_refused(programme):
    with pytest.raises(earmark.SettingsError, match="1 to 3600 s"):
        earmark.tag(programme, max_segment_s=0.2)
    with pytest.raises(earmark.SettingsError, match="subtitles"):
        earmark.tag(programme, purpose="dancing")


def test_bytes_file_objects_and_samples_give_what_the_file_gives(programme):
    expected = earmark.tag(programme)
    content = Path(programme).read_bytes()
    assert earmark.tag(content, name=programme) == expected
    with open(programme, "rb") as file:
        assert earmark.tag(file) == expected
    assert earmark.tag(io.BytesIO(content)).file == "bytes"
    samples = earmark.silero.read_audio(programme, 24_000)
    assert earmark.tag((samples, 24_000), name=programme) == expected
    # The programme has 16 bits: as integers it is the same sound.
    integers = np.round(samples * 32_768).astype(np.int16)
    assert earmark.tag(integers, rate=24_000, name=programme) == expected
    twice = np.column_stack([samples, samples])
    assert [s.label for s in earmark.tag(twice, rate=24_000)] == [s.label for s in expected]


def test_frames_are_the_commands(programme, command, tmp_path):
    command("frames", programme, "-o", str(tmp_path / "frames.npy"))
    expected = np.load(tmp_path / "frames.npy")
    frames = earmark.frames(programme)
    columns = np.asarray(frames)
    assert columns.shape == (len(expected), len(frames.columns))
    assert np.array_equal(columns, expected[:, -columns.shape[1] :])
    assert np.array_equal(frames["speech"], columns[:, 0])
    assert frames.times[100] == pytest.approx(1.0)
    live = earmark.frames(programme, live=True, pack="live")
    assert np.abs(live["speech"] - earmark.frames(programme, pack="live")["speech"]).max() < 1e-4


def test_noise_is_the_commands(programme, command):
    import json

    (expected,) = json.loads(command("noise", programme, "--format", "json"))
    noise = earmark.noise(programme)
    assert noise.snr_db == pytest.approx(expected["snr_db"], abs=0.01)
    assert noise.noisy == expected["noisy"]
    assert len(noise.seconds) == 53
    assert not earmark.noise(programme, threshold=0.99).noisy


def test_eight_threads_over_one_model_hear_what_one_hears(programme):
    expected = earmark.tag(programme).to("json")
    with ThreadPoolExecutor(8) as pool:
        heard = list(pool.map(lambda _: earmark.tag(programme).to("json"), range(16)))
    assert heard == [expected] * 16


def test_a_timeline_is_a_sequence_that_can_be_kept(programme, tmp_path):
    timeline = earmark.tag(programme)
    assert timeline[0].start == 0.0
    assert timeline[-1] == list(timeline)[-1]
    # Somebody speaks for 21.8 s of the programme: examples/programme.truth.csv.
    assert timeline.total("speech") == pytest.approx(21.8, abs=2.0)
    assert pickle.loads(pickle.dumps(timeline)) == timeline
    timeline.save(tmp_path / "a.csv")
    (again,) = earmark.read(tmp_path / "a.csv")
    assert [(s.start, s.end, s.label) for s in again] == [
        (round(s.start, 3), round(s.end, 3), s.label) for s in timeline
    ]
    assert timeline.to_arrow().num_rows == len(timeline)
    assert timeline.to_pandas()["label"].tolist() == [s.label for s in timeline]
    assert timeline.to_polars()["end"].to_list() == [s.end for s in timeline]
    shown = timeline._repr_html_()
    assert "<svg" in shown
    assert "<audio" in shown


def test_a_device_that_is_not_there_is_warned_of(programme):
    with pytest.warns(earmark.DeviceWarning, match="cuda is not available .* using cpu instead"):
        heard = earmark.tag(programme, device="cuda")
    assert heard.to("csv") == earmark.tag(programme).to("csv")


def test_progress_is_told_and_may_stop_the_work(programme):
    told = []
    earmark.tag(programme, progress=lambda done, length: told.append((done, length)))
    assert told[0] == (0.0, pytest.approx(52.004))

    class Enough(Exception):
        pass

    def stop(done, length):
        raise Enough

    with pytest.raises(Enough):
        earmark.tag(programme, progress=stop)


def test_ctrl_c_ends_a_long_clip():
    import _thread
    import threading

    hour = np.zeros(16_000 * 3_600, dtype=np.float32)
    hour[::7] = 0.01
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        for _ in range(100):
            earmark.tag(hour, rate=16_000)


class TestErrors:
    def test_a_missing_file(self):
        with pytest.raises(earmark.AudioError) as caught:
            earmark.tag("there-is-none.wav")
        assert caught.value.path == "there-is-none.wav"
        assert "cannot be opened" in caught.value.reason

    def test_what_is_no_audio_is_called_by_its_name(self, tmp_path):
        path = tmp_path / "letter.wav"
        path.write_text("Dear Sir or Madam,")
        for source in (str(path), path, path.read_bytes()):
            with pytest.raises(earmark.AudioError) as caught:
                earmark.tag(source, name=str(path))
            assert caught.value.path == str(path)
            assert str(path) in str(caught.value)
            assert caught.value.remedy.startswith("WAV, FLAC")
            again = pickle.loads(pickle.dumps(caught.value))
            assert (again.path, again.reason, again.remedy) == (
                caught.value.path,
                caught.value.reason,
                caught.value.remedy,
            )

    def test_empty_bytes(self):
        with pytest.raises(earmark.AudioError, match="0 bytes"):
            earmark.tag(b"", name="nothing.wav")

    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ({"threshold": {"sneeze": 0.5}}, "sneeze"),
            ({"threshold": {"speech": 1.5}}, "between 0 and 1"),
            ({"silence_dbfs": 5.0}, "silence level"),
        ],
    )
    def test_settings_without_use(self, programme, settings, said):
        with pytest.raises(earmark.SettingsError, match=said):
            earmark.tag(programme, **settings)

    def test_a_pack_that_is_not_there(self, programme):
        with pytest.raises(earmark.ModelError, match="nosuch"):
            earmark.tag(programme, pack="nosuch")

    @pytest.mark.parametrize(
        ("samples", "said"),
        [
            (np.zeros((2, 48_000), np.float32), "transposed"),
            (np.zeros((2, 2, 2), np.float32), "axes"),
            (np.zeros(10, np.uint8), "full scale"),
            (np.zeros((10, 0), np.float32), "channels"),
        ],
    )
    def test_samples_that_are_none(self, samples, said):
        with pytest.raises(earmark.SettingsError, match=said):
            earmark.tag(samples, rate=16_000)

    @pytest.mark.parametrize("rate", [0, -1, 1234.5, 10**12])
    def test_rates_that_are_none(self, rate):
        with pytest.raises(earmark.SettingsError, match="Hz"):
            earmark.tag(np.zeros(100, np.float32), rate=rate)

    def test_samples_without_a_rate(self):
        with pytest.raises(earmark.SettingsError, match="rate"):
            earmark.tag(np.zeros(100, np.float32))

    def test_samples_that_are_no_numbers_are_silence(self):
        samples = np.full(16_000, np.nan, np.float32)
        assert [s.label for s in earmark.tag(samples, rate=16_000)] == ["silence"]

    def test_no_samples_give_no_segments(self):
        assert len(earmark.tag(np.zeros(0, np.float32), rate=16_000)) == 0
