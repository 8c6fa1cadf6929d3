"""The fuzzer itself: equal inputs in every run, and no way of ending that it does not see."""

import os
import signal
import time
from collections.abc import Callable

import pytest
from tests.fuzz.mutations import attack, mutated

from resolute.core.errors import ResoluteError

SEEDS = {"a": b"\x89PNG\r\n\x1a\n" + bytes(60), "b": b"II*\0\x08\0\0\0\x01\0" + bytes(60), "c": b"key: [1, 2]\n" * 5}


def test_inputs_are_the_same_in_every_run_and_differ_among_each_other() -> None:
    made = [mutated(SEEDS, number) for number in range(300)]
    assert made == [mutated(dict(reversed(SEEDS.items())), number) for number in range(300)]
    assert len(set(made)) > 200


def test_every_ending_is_counted() -> None:
    ends = iter(range(6))

    def read(data: bytes) -> None:
        match next(ends):
            case 1:
                raise ResoluteError("one line")
            case 2:
                raise ResoluteError("\n")
            case 3:
                raise ValueError("no one expected it")
            case 4:
                bytearray(2**32)
            case 5:
                os.kill(os.getpid(), signal.SIGSEGV)

    outcomes = attack(read, SEEDS, 6)
    assert outcomes.counts == {"read": 1, "refused": 1, "no line": 1, "traceback": 2, "died": 1}
    assert sorted(number for numbers in outcomes.unclean.values() for number in numbers) == [2, 3, 4, 5]
    assert "MemoryError" in str(outcomes) and "SIGSEGV" in str(outcomes) and "no one expected it" in str(outcomes)


@pytest.mark.slow
@pytest.mark.parametrize("wait", [time.sleep, lambda _: sum(range(10**12))], ids=["waits", "works"])
def test_an_input_without_an_end_is_counted(wait: Callable[[float], object]) -> None:
    outcomes = attack(lambda _: wait(1000), SEEDS, 1, seconds=1)
    assert dict(outcomes.unclean) == {"no end within 1 s": [0]}
