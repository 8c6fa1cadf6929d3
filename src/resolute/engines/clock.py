"""Files that a clock ahead of ours has dated: Snakemake refuses outputs that are older than their inputs."""

import os
import sys
import time

from resolute.core.layout import project_root

# All that jobs read. A folder of images is one output to Snakemake: its time stamp stands for it.
_READ = (
    "src/resolute/**/*",
    "data/*/*.csv",
    "data/sources/*/*.csv",
    "data/lr/*/*.csv",
    "data/lr/*/*/.snakemake_timestamp",
    "data/patches/**/*",
    "data/weights/**/*",
    "data/published/**/*",
    "data/reference/**/*",
    "reports/**/*",
)
# Clocks of a network's file servers differ by less.
_AHEAD = 60.0


def bring_back() -> None:
    """Date what lies in the future as of now, and say so."""
    now = time.time()
    root = project_root()
    future = [path for pattern in _READ for path in root.glob(pattern) if path.lstat().st_mtime > now + _AHEAD]
    for path in future:
        os.utime(path, (now, now), follow_symlinks=False)
    if future:
        print(f"resolute: {len(future)} files were dated in the future; they are dated now", file=sys.stderr)
