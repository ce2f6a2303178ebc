"""Bars on long work."""

import sys

import earmark


def test_a_bar_of_tqdm_goes_to_the_end(programme, capsys):
    earmark.tag(programme, progress=True)
    said = capsys.readouterr().err
    assert "programme.flac: 100%" in said
    assert "52/52" in said


def test_without_tqdm_and_without_a_terminal_nothing_is_said(programme, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    earmark.tag(programme, progress=True)
    assert capsys.readouterr().err == ""


def test_without_tqdm_a_terminal_gets_a_line(programme, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    earmark.tag(programme, progress=True)
    said = capsys.readouterr().err
    assert said.startswith(f"\r{programme}: 0 s")
    assert said.endswith("\n")
