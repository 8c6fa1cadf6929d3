"""Lets `--resources NAME=INT ...` end at the first word without `=`, which Snakemake takes for one more resource.

So `snakemake --cores 8 --resources gpu=2 all` ends in a traceback, before any Snakefile is read. A Snakemake that
mends it reads the line as it is given here just the same.
"""

import sys
from collections.abc import Sequence
from functools import wraps
from typing import Any

from snakemake.common.argparse import ArgumentParser

_OPTIONS = ("--resources", "--res")


def let_resources_end() -> None:
    """Have Snakemake's parser read every command line as `targets_first` gives it."""
    parse = ArgumentParser.parse_known_args

    @wraps(parse)
    def parse_targets_first(
        parser: ArgumentParser, args: Sequence[str] | None = None, *others: Any, **options: Any
    ) -> Any:
        return parse(parser, targets_first(sys.argv[1:] if args is None else args), *others, **options)

    ArgumentParser.parse_known_args = parse_targets_first


def targets_first(words: Sequence[str]) -> list[str]:
    """A command line with the targets that follow resources at its front, where no option takes them."""
    end = words.index("--") if "--" in words else len(words)
    targets: list[str] = []
    others: list[str] = []
    after_resources = target = False
    for word in words[:end]:
        if word.startswith("-"):
            after_resources, target = word in _OPTIONS, False
        elif after_resources and "=" not in word:
            target = True
        (targets if target else others).append(word)
    return [*targets, *others, *words[end:]]
