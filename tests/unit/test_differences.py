from hypothesis import given
from hypothesis import strategies as st

from knowledge.console.differences import differences

TEXTS = st.lists(st.sampled_from(["one two", "one three", "", "four"]), max_size=12)


def test_a_changed_line_is_marked_by_word() -> None:
    removed, added = differences("A fee of 10 kr.", "A fee of 20 kr.")

    assert removed.stretches == (("A fee of ", False), ("10", True), (" kr.", False))
    assert (removed.kind, added.kind) == ("removed", "added")
    assert ("20", True) in added.stretches


def test_the_same_text_differs_in_nothing() -> None:
    assert differences("a\nb", "a\nb") == []


def test_lines_far_from_any_change_are_left_out() -> None:
    old = "\n".join(f"line {n}" for n in range(20))

    kinds = [line.kind for line in differences(old, old.replace("line 10", "other"))]

    assert kinds[0] == kinds[-1] == "gap"
    assert kinds.count("same") == 4


@given(TEXTS, TEXTS)
def test_what_is_shown_is_what_was_and_what_is(old: list[str], new: list[str]) -> None:
    shown = differences("\n".join(old), "\n".join(new))

    for line in shown:
        text = "".join(stretch for stretch, _ in line.stretches)
        assert line.kind != "removed" or text in old
        assert line.kind != "added" or text in new
