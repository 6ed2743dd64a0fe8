from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from actions.cases.language_free import LanguageFree
from tests.factories import plain_cosines

# Two matters, each told in three languages that lie far apart.
MATTERS = np.eye(8, dtype=np.float32)[:2]
LANGUAGES = 5 * np.eye(8, dtype=np.float32)[4:7]
TOLD = np.array([matter + tag for tag in LANGUAGES for matter in MATTERS])
TAGS = ["sv", "sv", "fr", "fr", "en", "en"]


def test_the_matter_counts_whatever_the_language():
    language_free = LanguageFree.fit(TOLD, TAGS)

    swedish, other_swedish, french = TOLD[0], TOLD[1], TOLD[2]

    assert language_free.similarity(swedish, french) == pytest.approx(1, abs=1e-4)
    assert language_free.similarity(swedish, other_swedish) < 0


def test_of_one_language_the_cosine_is_taken():
    language_free = plain_cosines(2)

    similarity = language_free.similarity(
        np.array([1, 0], np.float32), np.array([1, 1], np.float32)
    )

    assert similarity == pytest.approx(0.5**0.5)


def test_it_is_the_same_when_read_again(tmp_path: Path):
    path = tmp_path / "languages.npz"
    language_free = LanguageFree.fit(TOLD, TAGS)

    language_free.write(path)

    again = LanguageFree.read(path)
    assert again.similarity(TOLD[0], TOLD[3]) == language_free.similarity(
        TOLD[0], TOLD[3]
    )
