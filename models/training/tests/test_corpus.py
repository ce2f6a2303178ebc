"""What packs say about their data."""

from earmark_training.corpus import credits


def test_one_head_for_what_differs_behind_the_last_comma():
    names = ["Anthems, Chad", "A. Author", "Anthems, Chile", "", "B (C, D), reader 3"]
    assert credits(names) == "Anthems, Chad / Chile; A. Author; B (C, D), reader 3"


def test_words_in_common_are_said_once():
    names = ["ESC, freesound.org sound 19898 by J", "ESC, freesound.org sound 19 by K", "ESC, freesound.org sound 2"]
    assert credits(names) == "ESC, freesound.org sound 19898 by J / 19 by K / 2"
