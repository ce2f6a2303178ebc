"""Label files, read by programs that are not Earmark's: what they find is the list."""

import json
import os
import subprocess
import sys
import wave
from pathlib import Path
from urllib.parse import unquote

import crowsetta
import cueparser
import duckdb
import mutagen.mp4
import pandas
import parselmouth
import polars
import pympi
import pysrt
import pytest
import webvtt
from jsonschema import Draft202012Validator
from pyannote.database.util import load_rttm

ROOT = Path(__file__).resolve().parents[2]
EARMARK = str(ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release" / "earmark")
PROGRAMME = ROOT / "examples" / "programme.flac"
# Half of the coarsest resolution, a millisecond.
NEAR_S = 0.000_501

# The form of a page of web annotations (https://www.w3.org/TR/annotation-model/, of IIIF Presentation 3 an AnnotationPage).
ANNOTATION_PAGE = {
    "type": "object",
    "required": ["@context", "id", "type", "items"],
    "properties": {
        "@context": {"const": "http://www.w3.org/ns/anno.jsonld"},
        "id": {"type": "string", "format": "uri"},
        "type": {"const": "AnnotationPage"},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "type", "motivation", "body", "target"],
                "properties": {
                    "type": {"const": "Annotation"},
                    "motivation": {"enum": ["tagging", "supplementing", "commenting"]},
                    "body": {
                        "type": "object",
                        "required": ["type", "value"],
                        "properties": {"type": {"const": "TextualBody"}},
                    },
                    # A media fragment in normal play time (https://www.w3.org/TR/media-frags/).
                    "target": {"type": "string", "pattern": r"^[^#]*#t=\d+(\.\d+)?,\d+(\.\d+)?$"},
                },
            },
        },
    },
}

# https://github.com/Podcastindex-org/podcast-namespace, chapters, version 1.2.0
PODCAST_CHAPTERS = {
    "type": "object",
    "required": ["version", "chapters"],
    "properties": {
        "version": {"const": "1.2.0"},
        "chapters": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["startTime"],
                "properties": {
                    "startTime": {"type": "number", "minimum": 0},
                    "endTime": {"type": "number", "minimum": 0},
                    "title": {"type": "string"},
                },
            },
        },
    },
}


# A line of a manifest of speech and its kinds (https://docs.nvidia.com/nemo-framework/user-guide/latest/nemotoolkit/asr/,
# speech classification, data sets): one object per line, times in seconds.
NEMO_LINE = {
    "type": "object",
    "required": ["audio_filepath", "offset", "duration", "label"],
    "properties": {
        "audio_filepath": {"type": "string", "minLength": 1},
        "offset": {"type": "number", "minimum": 0},
        "duration": {"type": "number", "exclusiveMinimum": 0},
        "label": {"type": "string", "minLength": 1},
    },
}


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    """The programme in every format."""
    folder = tmp_path_factory.mktemp("formats")
    formats = (
        "json,jsonl,csv,tsv,matrix,audacity,reaper,cue,textgrid,eaf,srt,vtt,rttm,nemo,lhotse,iiif,ffmetadata,chapters,"
        "clips,parquet"
    )
    subprocess.run([EARMARK, "--quiet", "tag", str(PROGRAMME), "--format", formats, "-o", f"{folder}/"], check=True)
    return folder


@pytest.fixture(scope="module")
def segments(out) -> list[tuple[float, float, str]]:
    """What was heard: start and end in seconds, label."""
    whole = json.loads((out / "programme.json").read_text())
    found = [(s["start"], s["end"], s["label"]) for s in whole["segments"]]
    assert len(found) >= 6
    return found


def same(found, expected) -> None:
    """The same segments, to the millisecond."""
    found, expected = sorted(found, key=lambda s: (s[2], s[0])), sorted(expected, key=lambda s: (s[2], s[0]))
    assert [s[2] for s in found] == [s[2] for s in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[:2] == pytest.approx(other[:2], abs=NEAR_S)


def test_praat_reads_the_text_grid(out, segments):
    grid = parselmouth.read(str(out / "programme.TextGrid"))
    found = []
    for tier in range(1, parselmouth.praat.call(grid, "Get number of tiers") + 1):
        for place in range(1, parselmouth.praat.call(grid, "Get number of intervals", tier) + 1):
            label = parselmouth.praat.call(grid, "Get label of interval", tier, place)
            start = parselmouth.praat.call(grid, "Get start time of interval", tier, place)
            end = parselmouth.praat.call(grid, "Get end time of interval", tier, place)
            if label:
                found.append((start, end, label))
    same(found, segments)


def test_praat_reads_the_text_grid_of_nothing(tmp_path):
    recording, grid = tmp_path / "empty.wav", tmp_path / "empty.TextGrid"
    with wave.open(str(recording), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
    subprocess.run([EARMARK, "--quiet", "tag", str(recording), "-o", str(grid)], check=True)
    # In a process of its own, since a Praat that fails over a grid takes its process with it.
    reads = "import parselmouth, sys; print(parselmouth.praat.call(parselmouth.read(sys.argv[1]), 'Get number of tiers'))"
    read = subprocess.run([sys.executable, "-c", reads, str(grid)], capture_output=True, text=True, check=True)
    assert read.stdout.strip() == "0"


def test_pympi_reads_the_elan_file(out, segments):
    eaf = pympi.Elan.Eaf(str(out / "programme.eaf"))
    found = []
    for tier in eaf.get_tier_names():
        for start_ms, end_ms, value, *_ in eaf.get_annotation_data_for_tier(tier):
            found.append((start_ms / 1_000, end_ms / 1_000, value or tier))
    same(found, segments)


def test_pympi_finds_the_recording_of_the_elan_file(out):
    eaf = pympi.Elan.Eaf(str(out / "programme.eaf"))
    [media] = eaf.get_linked_files()
    assert media["MEDIA_URL"] == PROGRAMME.as_uri()
    assert (out / unquote(media["RELATIVE_MEDIA_URL"])).resolve() == PROGRAMME


def test_pysrt_and_webvtt_read_the_subtitles(out, segments):
    cues = pysrt.open(str(out / "programme.srt"), encoding="utf-8")
    same([(c.start.ordinal / 1_000, c.end.ordinal / 1_000, c.text) for c in cues], segments)
    captions = webvtt.read(str(out / "programme.vtt"))
    same([(clock(c.start), clock(c.end), c.text) for c in captions], segments)


def clock(text: str) -> float:
    seconds = 0.0
    for part in text.split(":"):
        seconds = 60 * seconds + float(part)
    return seconds


def test_pyannote_reads_speech_as_the_speaker(out, segments):
    [annotation] = load_rttm(str(out / "programme.rttm")).values()
    found = [(turn.start, turn.end, label) for turn, _, label in annotation.itertracks(yield_label=True)]
    # What scores speech takes each SPEAKER for somebody who speaks, and nothing else.
    same(found, [s for s in segments if s[2] == "speech"])


def test_duckdb_and_polars_read_the_table(out, segments):
    path = str(out / "programme.parquet")
    rows = duckdb.sql(f"select start_s, end_s, label from read_parquet('{path}')").fetchall()
    same(rows, segments)
    query = f"select label, sum(end_s - start_s) from read_parquet('{out}/*.parquet') group by label"
    totals = dict(duckdb.sql(query).fetchall())
    speech = sum(end - start for start, end, label in segments if label == "speech")
    assert totals["speech"] == pytest.approx(speech, abs=1e-6)
    frame = polars.read_parquet(path)
    assert frame.columns == [
        "file", "duration_s", "label", "start_s", "end_s", "confidence", "pack", "pack_sha256", "error",
    ]  # fmt: skip
    same(frame.select("start_s", "end_s", "label").rows(), segments)
    assert set(frame["file"]) == {str(PROGRAMME)}
    assert frame["pack"][0].startswith("studio ")
    assert frame["error"].null_count() == len(segments)


def test_pandas_polars_and_duckdb_read_the_plain_tables(out, segments):
    for name, separator in (("programme.csv", ","), ("programme.tsv", "\t")):
        frame = pandas.read_csv(out / name, sep=separator)
        same(list(frame[["start", "end", "label"]].itertuples(index=False, name=None)), segments)
        assert set(frame["file"]) == {str(PROGRAMME)}
    lines = duckdb.sql(f"select start, \"end\", label from read_json('{out}/programme.jsonl') where label is not null")
    same(lines.fetchall(), segments)


def test_polars_reads_a_second_a_row(out, segments):
    frame = polars.read_csv(out / "programme.matrix.csv")
    assert frame["time"].to_list() == [float(second) for second in range(len(frame))]
    for label in {label for _, _, label in segments}:
        spans = [(start, end) for start, end, name in segments if name == label]
        for time, length, said in frame.select("time", "length", label).rows():
            heard_s = sum(max(0.0, min(end, time + length) - max(start, time)) for start, end in spans)
            # A share of the row, in hundredths.
            assert said * length == pytest.approx(heard_s, abs=0.006)


def test_crowsetta_reads_the_label_track(out, segments):
    track = crowsetta.formats.seq.AudSeq.from_file(out / "programme.labels.txt")
    same(list(zip(track.start_times, track.end_times, track.labels, strict=True)), segments)


def test_cueparser_reads_the_cue_sheet(out, segments):
    sheet = cueparser.CueSheet()
    sheet.setOutputFormat("", "")
    sheet.setData((out / "programme.cue").read_text())
    sheet.parse()
    # Paths of a sheet count from its folder.
    assert (out / sheet.file).resolve() == PROGRAMME
    assert [track.title for track in sheet.tracks] == [label for _, _, label in segments]
    for track, (start, _, _) in zip(sheet.tracks, segments, strict=True):
        minutes, seconds, frames = map(int, track.offset.split(":"))
        assert 60 * minutes + seconds + frames / 75 == pytest.approx(start, abs=1 / 75)


def test_pandas_reads_the_regions(out, segments):
    table = pandas.read_csv(out / "programme.regions.csv")
    assert list(table["#"]) == [f"R{number}" for number in range(1, len(segments) + 1)]
    same([(clock(row.Start), clock(row.End), row.Name) for row in table.itertuples()], segments)


def test_clips_are_pairs_of_times(out, segments):
    pairs = polars.read_csv(out / "programme.clips.txt", has_header=False).row(0)
    speech = [(start, end) for start, end, label in segments if label == "speech"]
    assert list(pairs) == pytest.approx([time for pair in speech for time in pair], abs=NEAR_S)


def test_web_annotations_are_of_their_form(out, segments):
    page = json.loads((out / "programme.annotations.json").read_text())
    Draft202012Validator(ANNOTATION_PAGE).validate(page)
    found = []
    for item in page["items"]:
        source, time = item["target"].split("#t=")
        assert source == str(PROGRAMME)
        found.append((*map(float, time.split(",")), item["body"]["value"]))
    same(found, segments)
    assert len({item["id"] for item in page["items"]}) == len(segments)


def test_podcast_chapters_are_of_their_form(out, segments):
    listed = json.loads((out / "programme.chapters.json").read_text())
    Draft202012Validator(PODCAST_CHAPTERS).validate(listed)
    same([(c["startTime"], c["endTime"], c["title"]) for c in listed["chapters"]], segments)


def test_nemo_manifest_is_of_its_form(out, segments):
    # NeMo itself needs PyTorch and a GPU's worth of packages; its documentation says what its reader takes.
    lines = [json.loads(line) for line in (out / "programme.nemo.jsonl").read_text().splitlines()]
    for line in lines:
        Draft202012Validator(NEMO_LINE).validate(line)
        assert Path(line["audio_filepath"]).is_file()
    same([(line["offset"], line["offset"] + line["duration"], line["label"]) for line in lines], segments)


def test_ffmpeg_puts_the_chapters_in_an_mp4(out, tmp_path):
    metadata, target = tmp_path / "programme.ffmetadata", tmp_path / "programme.m4a"
    # Chapters that follow each other, as players want them.
    flags = ["--exclusive", "--for", "archive", "--format", "ffmetadata", "-o", str(metadata)]
    subprocess.run([EARMARK, "--quiet", "tag", str(PROGRAMME), *flags], check=True)
    command = ["ffmpeg", "-loglevel", "error", "-i", str(PROGRAMME), "-i", str(metadata), "-map", "0:a", "-map_chapters", "1"]
    subprocess.run([*command, "-c:a", "aac", str(target)], check=True)
    chapters = mutagen.mp4.MP4(target).chapters
    text = metadata.read_text()
    starts = [int(line[6:]) / 1_000 for line in text.splitlines() if line.startswith("START=")]
    titles = [line[6:] for line in text.splitlines() if line.startswith("title=")]
    assert len(starts) >= 3
    assert [chapter.title for chapter in chapters] == titles
    assert [chapter.start for chapter in chapters] == pytest.approx(starts, abs=NEAR_S)
