"""The command line: `python -m benchmarks.gpu pack`, `python -m benchmarks.gpu run OUT`."""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.gpu.place import PACK, Setup, find_packages

MINUTES = 11.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("pack", help="collect what the GPU's machine needs, in work/gpu/pack")
    run = commands.add_parser("run", help="measure, on the GPU's machine; typed again it goes on")
    part = commands.add_parser("part", help="one part of a run, in a process of its own")
    part.add_argument("name")
    train = commands.add_parser("train", help="one training, which a part starts and kills")
    for command in (run, part, train):
        command.add_argument("out", type=Path, help="the folder of the results")
        command.add_argument("--smoke", action="store_true", help="a small selection, on the CPU")
        command.add_argument("--pack", type=Path, default=PACK, help="what `pack` has collected")
        command.add_argument("--minutes", type=float, default=MINUTES, help="that it may take (default: %(default)g)")
    train.add_argument("method")
    train.add_argument("iterations", type=int)
    train.add_argument("checkpoint_every", type=int)
    arguments = parser.parse_args()
    if arguments.command == "pack":
        find_packages()
        import_module("benchmarks.gpu.packing").pack(PACK)
        return
    # A part works in a folder of its own.
    out, pack = arguments.out.resolve(), arguments.pack.resolve()
    setup = Setup(out, pack, arguments.smoke, 60 * arguments.minutes)
    if arguments.command == "run":
        sys.exit(import_module("benchmarks.gpu.runner").run(setup))
    find_packages()
    if arguments.command == "part":
        import_module(f"benchmarks.gpu.parts.{arguments.name}").run(setup)
        return
    once = import_module("benchmarks.gpu.training_runs").train_once
    once(setup, arguments.method, "gpu", arguments.iterations, "bf16", arguments.checkpoint_every)


if __name__ == "__main__":
    main()
