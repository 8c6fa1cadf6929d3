"""What was done and measured, a line at a time, so that a run that is killed anywhere goes on from there."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = dict[str, Any]
"""A row of the long form, without what all rows have."""

WHOLE = "all"  # the item that stands for a part as a whole
LOST = 75  # the exit status of a part whose device answers no more
_TRIES = 2  # an item at which its process died as often is left


class Journal:
    """`<out>/journal.jsonl`: for every item of every part that it began, that it ended, how, and the rows it gave."""

    def __init__(self, out: Path) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self.path = out / "journal.jsonl"

    def lines(self) -> list[dict[str, Any]]:
        """All of them; one that a kill has cut off is left out."""
        found = []
        for line in self.path.read_text().splitlines() if self.path.is_file() else ():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def rows(self) -> list[Row]:
        """What was measured; of an item that was tried twice what the last try gave."""
        ended = {(line["part"], line["item"]): line["rows"] for line in self.lines() if line["state"] != "began"}
        return [row for rows in ended.values() for row in rows]

    def failures(self) -> dict[str, str]:
        """Why items have not been done, by part and item."""
        last = {f"{line['part']}: {line['item']}": line for line in self.lines()}
        return {name: line["why"] or "it never ended" for name, line in last.items() if line["state"] != "done"}

    def is_over(self, part: str) -> bool:
        """Whether a part has come to its end, whatever failed within it."""
        return [line["state"] for line in self.lines() if (line["part"], line["item"]) == (part, WHOLE)][-1:] == [
            "done"
        ]

    def is_settled(self, part: str, item: str) -> bool:
        """Whether an item is done, has failed, or was tried often enough."""
        states = [line["state"] for line in self.lines() if (line["part"], line["item"]) == (part, item)]
        return "done" in states or "failed" in states or states.count("began") >= _TRIES

    def add(self, part: str, item: str, state: str, rows: list[Row] | None = None, why: str = "") -> None:
        """Write a line that is there whatever happens next."""
        line = {"part": part, "item": item, "state": state, "rows": rows or [], "why": why, "at": round(time.time())}
        with self.path.open("a") as file:
            # A line that a kill has cut off must not swallow the next one.
            file.write("\n" + json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if state != "began":
            print(f"{part}: {item}: {why or _told(rows or [])}", flush=True)

    @contextmanager
    def item(self, part: str, item: str) -> Iterator[list[Row]]:
        """Measures one item: the block fills the list. What it raises is noted, and the part goes on.

        Raises:
            SystemExit: with `LOST`, where the device answers no more: the part must start again in a new process.
        """
        self.add(part, item, "began")
        rows: list[Row] = []
        try:
            yield rows
        except Exception as error:  # an item may fail in any way, and others must not
            first = (str(error).strip() or "no reason given").splitlines()[0][:300]
            self.add(part, item, "failed", rows, f"{type(error).__name__}: {first}")
            if not _device_answers():
                raise SystemExit(LOST) from None
        else:
            self.add(part, item, "done", rows)


def _device_answers() -> bool:
    import torch

    if not torch.cuda.is_initialized():
        return True
    try:
        torch.cuda.synchronize()
        return bool(torch.ones(2, device="cuda").sum().item() == 2)
    except Exception:
        return False


def _told(rows: list[Row]) -> str:
    return ", ".join(f"{row['metric']} {_short(row)}" for row in rows[:6]) or "done"


def _short(row: Mapping[str, Any]) -> str:
    value = "none" if row["value"] is None else f"{row['value']:.5g}"
    return " ".join(str(word) for word in (value, row.get("unit", "")) if word)
