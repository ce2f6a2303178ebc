"""Edit lists, opened by programs that are not Earmark's."""

import json
import os
import subprocess
from pathlib import Path

import opentimelineio as otio
import pytest
import rpp
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]
EARMARK = str(ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release" / "earmark")
PROGRAMME = ROOT / "examples" / "programme.flac"
RATE_HZ = 24_000

# What auto-editor's page says of version 1: https://auto-editor.com/docs/v1
V1 = {
    "type": "object",
    "required": ["version", "source", "chunks"],
    "properties": {
        "version": {"const": "1"},
        "source": {"type": "string"},
        "chunks": {
            "type": "array",
            "items": {
                "type": "array",
                "prefixItems": [
                    {"type": "integer", "minimum": 0},
                    {"type": "integer", "minimum": 0},
                    {"type": "number", "exclusiveMinimum": 0, "maximum": 99_999},
                ],
                "minItems": 3,
                "items": False,
            },
        },
    },
}


@pytest.fixture(scope="module")
def render(tmp_path_factory):
    """Cuts the pauses of the programme out; gives the list of a form and how long the output is, seconds."""

    def run(ending: str, *flags: str) -> tuple[Path, float]:
        folder = tmp_path_factory.mktemp("lists")
        path, summary = folder / f"programme.{ending}", folder / "summary.jsonl"
        command = [EARMARK, "--quiet", "render", str(PROGRAMME), "-o", str(folder / "out.wav")]
        command += ["--action", "cut", "--max-pause-ms", "400", "--list", str(path), "--summary", str(summary), *flags]
        subprocess.run(command, check=True)
        return path, json.loads(summary.read_text())["output_s"]

    return run


def clips(timeline):
    return list(timeline.find_clips())


def test_opentimelineio_reads_its_own_form_to_the_sample(render):
    path, output_s = render("otio")
    timeline = otio.adapters.read_from_file(str(path))
    found = clips(timeline)
    assert len(found) >= 3
    assert timeline.duration().rate == RATE_HZ
    assert timeline.duration().value == round(output_s * RATE_HZ)
    for clip in found:
        media = clip.media_reference
        assert otio.url_utils.filepath_from_url(media.target_url) == str(PROGRAMME)
        assert media.available_range.contains(clip.source_range)
    again = otio.adapters.write_to_string(timeline, "otio_json")
    assert otio.adapters.read_from_string(again, "otio_json").is_equivalent_to(timeline)


@pytest.mark.parametrize("fps", ["23.976", "24", "25", "30", "50", "60"])
def test_opentimelineio_reads_edls_at_every_rate(render, fps):
    path, output_s = render("edl", "--fps", fps)
    assert f"* FRAME RATE: {fps}" in path.read_text()
    rate = 24_000 / 1_001 if fps == "23.976" else float(fps)
    timeline = otio.adapters.read_from_file(str(path), rate=rate)
    assert timeline.duration().to_seconds() == pytest.approx(output_s, abs=1 / rate)
    # Events that follow each other leave no gap.
    assert all(isinstance(item, otio.schema.Clip) for item in timeline.tracks[0])


@pytest.mark.parametrize(("ending", "flags"), [("edl", {"rate": 24}), ("otio", {}), ("fcpxml", {"adapter_name": "fcpx_xml"})])
def test_a_film_is_cut_with_its_picture_at_its_time_code(tmp_path, ending, flags):
    film, path = tmp_path / "film.mov", tmp_path / f"film.{ending}"
    picture = ["-f", "lavfi", "-i", "testsrc=s=64x64:r=24:d=9", "-t", "9", "-i", str(PROGRAMME)]
    codecs = ["-c:v", "mpeg4", "-c:a", "aac", "-ac", "1", "-timecode", "10:00:00:00", str(film)]
    subprocess.run(["ffmpeg", "-v", "error", *picture, *codecs], check=True)
    subprocess.run([EARMARK, "--quiet", "tag", str(film), "--list", str(path)], check=True, stdout=subprocess.DEVNULL)
    timeline = otio.adapters.read_from_file(str(path), **flags)
    kinds = {track.kind for track in timeline.find_children(descended_from_type=otio.schema.Track)}
    # The adapter of Final Cut has one track for what has both.
    assert kinds == ({"Video"} if ending == "fcpxml" else {"Video", "Audio"})
    for clip in clips(timeline):
        start_s = clip.source_range.start_time.to_seconds()
        assert 36_000 <= start_s < start_s + clip.source_range.duration.to_seconds() <= 36_009.1
        if ending != "edl":
            media = clip.media_reference.available_range
            assert media.start_time.to_seconds() == 36_000
            assert media.contains(clip.source_range)


@pytest.mark.parametrize("fps", ["29.97", "59.94"])
def test_drop_frame_codes_are_those_of_opentimelineio(render, fps):
    path, _ = render("edl", "--fps", fps)
    codes = [word for line in path.read_text().splitlines() if line[:1].isdigit() for word in line.split() if ";" in word]
    assert len(codes) >= 12
    rate = {"29.97": 30_000 / 1_001, "59.94": 60_000 / 1_001}[fps]
    for code in codes:
        assert otio.opentime.from_timecode(code, rate).to_timecode(rate, True) == code


# The adapter counts whole frames per second; fractions are held by the tests beside the code.
@pytest.mark.parametrize("fps", ["24", "25", "30"])
def test_the_final_cut_adapter_reads_the_project(render, fps):
    path, output_s = render("fcpxml", "--fps", fps)
    found = otio.adapters.read_from_file(str(path), "fcpx_xml")
    names = {clip.name for clip in found.find_clips()}
    assert names == {"programme.flac"}
    seconds = sum(clip.source_range.duration.to_seconds() for clip in found.find_clips())
    assert seconds == pytest.approx(output_s, abs=2 / 24)


def test_auto_editors_list_is_of_its_form_and_covers_the_source(render):
    path, output_s = render("v1", "--fps", "30")
    listed = json.loads(path.read_text())
    Draft202012Validator(V1).validate(listed)
    chunks = listed["chunks"]
    assert chunks[0][0] == 0
    assert all(before[1] == after[0] for before, after in zip(chunks, chunks[1:], strict=False))
    kept = sum(end - start for start, end, speed in chunks if speed == 1)
    assert kept / 30 == pytest.approx(output_s, abs=len(chunks) / 30)


def test_a_parser_of_reaper_projects_finds_the_items(render):
    path, output_s = render("rpp")
    project = rpp.loads(path.read_text())
    items = project.findall(".//ITEM")
    assert len(items) >= 3
    ends = [float(item.find("POSITION")[1]) + float(item.find("LENGTH")[1]) for item in items]
    assert max(ends) == pytest.approx(output_s, abs=0.02)


def test_a_rate_that_is_none_and_a_list_without_frames_are_refused(tmp_path):
    for name, fps in [("a.edl", "27"), ("a.rpp", "25")]:
        command = [EARMARK, "render", str(PROGRAMME), "-o", str(tmp_path / "o.wav"), "--list", str(tmp_path / name)]
        done = subprocess.run([*command, "--fps", fps], capture_output=True, text=True)
        assert done.returncode == 2, done.stderr
        assert "fps" in done.stderr
        assert not list(tmp_path.iterdir())
