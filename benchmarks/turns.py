"""Forms of the same work, each in a process of its own, that take turns in random order."""

import multiprocessing
import random
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any


def take_turns(
    serve: Callable[..., None], forms: Sequence[str], arguments: Sequence[Any], rounds: int
) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """What each form gives first, and what it gives in each round; other load and a drifting clock meet all alike.

    Args:
        serve: called as `serve(form, *arguments, pipe)`; sends what it has made, then something for every true that it
            receives, and ends with the first false.
    """
    spawn = multiprocessing.get_context("spawn")
    pipes: dict[str, Connection] = {}
    for form in forms:
        pipes[form], theirs = spawn.Pipe()
        spawn.Process(target=serve, args=(form, *arguments, theirs), daemon=True).start()
    try:
        made = {form: pipes[form].recv() for form in forms}
        given: dict[str, list[Any]] = {form: [] for form in forms}
        turns = random.Random(0)
        for _ in range(rounds):
            for form in turns.sample(forms, len(forms)):
                pipes[form].send(True)
                given[form].append(pipes[form].recv())
        for pipe in pipes.values():
            pipe.send(False)
        return made, given
    finally:
        for pipe in pipes.values():
            pipe.close()  # where one has failed, no other waits for its turn
