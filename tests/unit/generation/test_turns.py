from itertools import count, islice

from screenmm.generation.turns import in_turns


def test_each_source_gives_one_and_the_longest_ends() -> None:
    assert list(in_turns([[1, 2, 3], [], [None, 5]])) == [1, None, 2, 5, 3]
    assert list(in_turns([])) == []


def test_no_more_is_taken_than_is_asked_for() -> None:
    assert list(islice(in_turns([count(0), count(100)]), 4)) == [0, 100, 1, 101]
