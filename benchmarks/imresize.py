"""CPU time of our bit-exact `imresize` beside Pillow's and torch's bicubic, on one thread.

    .venv/bin/python benchmarks/imresize.py

The image is 2040 x 1356 RGB uint8 (a DIV2K photograph's size), shrunk to a quarter. The candidates take
turns in random order, so that other load and what the one before left in the caches meet all of them alike.
CPU time (of the process, not the wall) is compared. Torch gets a float tensor, without the cost of making it.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image

from resolute.images.imresize import imresize

WIDTH, HEIGHT, SCALE = 2040, 1356, 4


def photograph() -> np.ndarray:
    """Smooth colour with texture: noise, enlarged, and finer noise on it."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (HEIGHT // 12, WIDTH // 12, 3), np.uint8))
    smooth = np.asarray(coarse.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), np.float64)
    return np.clip(smooth + rng.normal(0, 8, smooth.shape), 0, 255).astype(np.uint8)


def candidates(image: np.ndarray) -> dict[str, Callable[[], object]]:
    """What is compared, by name; ours first."""
    pillow = Image.fromarray(image)
    tensor = torch.from_numpy(image).permute(2, 0, 1)[None].float().contiguous()
    size = (HEIGHT // SCALE, WIDTH // SCALE)
    return {
        "resolute replicate": lambda: imresize(image, 1 / SCALE),
        "resolute mirror": lambda: imresize(image, 1 / SCALE, "mirror"),
        "resolute mirror_float": lambda: imresize(image, 1 / SCALE, "mirror_float"),
        "Pillow bicubic": lambda: pillow.resize(size[::-1], Image.Resampling.BICUBIC),
        "torch bicubic, antialias, float": lambda: torch.nn.functional.interpolate(
            tensor, size, mode="bicubic", antialias=True
        ),
    }


def cpu_times(functions: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of CPU time of every call, after one call to warm up."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        function()
    turns = random.Random(0)
    for _ in range(rounds):
        for name in turns.sample(list(functions), len(functions)):
            start = time.process_time()
            functions[name]()
            times[name].append(1000 * (time.process_time() - start))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25, help="calls of each candidate (default: 25)")
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    times = cpu_times(candidates(photograph()), rounds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"{WIDTH}x{HEIGHT} RGB uint8 to a quarter, CPU milliseconds, {rounds} rounds")
    print(f"{'':32}{'median':>8}{'least':>8}{'/ Pillow':>10}")
    for name, median in medians.items():
        ratio = median / medians["Pillow bicubic"]
        print(f"{name:32}{median:8.1f}{min(times[name]):8.1f}{ratio:10.2f}")


if __name__ == "__main__":
    main()
