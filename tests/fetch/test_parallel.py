"""Many at once, and the first failure ends them."""

import time

import pytest

from resolute.fetch.parallel import each


def test_results_come_in_order() -> None:
    assert each(lambda item: item * item, range(20), 4) == [item * item for item in range(20)]


def test_what_waits_is_not_begun_after_a_failure() -> None:
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        if item == 1:
            raise ValueError("the second fails")
        time.sleep(0.02)

    with pytest.raises(ValueError, match="the second fails"):
        each(work, range(200), 2)
    assert len(begun) < 200
