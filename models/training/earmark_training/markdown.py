"""Text, figures and tables of cards, in Markdown."""

from __future__ import annotations


def percent(value) -> str:
    """A share of 1 in per cent; a dash for what is not there."""
    return "–" if value is None else f"{100 * value:.2f} %"


def number(value, digits: int = 4) -> str:
    """With so many decimals; a dash for what is not there or no number."""
    return "–" if value is None or value != value else f"{value:.{digits}f}"


def table(head: list[str], rows: list[list]) -> str:
    """A table with a head."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows])


def short(text: str, limit: int = 220) -> str:
    """What fits in a cell, cut between words."""
    text = text.replace("|", "/").replace("\n", " ")
    return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0] + " …"
