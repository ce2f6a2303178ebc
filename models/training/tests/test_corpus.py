"""What packs say about their data."""

from earmark_training.corpus import credits, with_inherited


def test_one_head_for_what_differs_behind_the_last_comma():
    names = ["Anthems, Chad", "A. Author", "Anthems, Chile", "", "B (C, D), reader 3"]
    assert credits(names) == "Anthems, Chad / Chile; A. Author; B (C, D), reader 3"


def test_words_in_common_are_said_once():
    names = ["ESC, freesound.org sound 19898 by J", "ESC, freesound.org sound 19 by K", "ESC, freesound.org sound 2"]
    assert credits(names) == "ESC, freesound.org sound 19898 by J / 19 by K / 2"


def test_a_pack_credits_what_its_first_weights_were_trained_on():
    row = lambda source, hours, who="x": {"source": source, "licence": "CC0-1.0", "attribution": who, "hours": hours}
    table = [row("b", 1.0), row("a", 2.0)]
    merged = with_inherited(table, [row("b", 3.0), row("b", 0.5, "y"), row("c", 4.0)])
    assert [(r["source"], r["attribution"], r["hours"]) for r in merged] == [
        ("a", "x", 2.0),
        ("b", "x", 3.0),
        ("b", "y", 0.5),
        ("c", "x", 4.0),
    ]
    assert table == [row("b", 1.0), row("a", 2.0)]
