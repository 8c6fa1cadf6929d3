"""Fuzzing without chance: mutated inputs by number, and a runner that bounds their time and memory.

A case is a number: `mutated(seeds, 1234)` makes the same input on every machine. `attack` gives the first `count` of
them to a reader and counts how it ended; nothing but a result or a ResoluteError of one line is clean.

`RESOLUTE_FUZZ=10000 pytest tests/fuzz` takes any number of inputs instead of a test's own.
"""

import faulthandler
import multiprocessing
import os
import resource
import signal
import struct
import traceback
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from resolute.core.errors import ResoluteError

COUNT = "RESOLUTE_FUZZ"
MEMORY = 2**30  # bytes that a reader may take beside what the process has already
SECONDS = 20  # that one input may last

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What parsers trip over: ends of ranges, no numbers, nesting, quotes, bytes that are no UTF-8.
TOKENS = (
    *(b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\xc3\x28", b"\xef\xbb\xbf"),
    *(b"-1", b"0", b"1e999", b"nan", b".nan", b"-.inf", b"1e2", b"9" * 25, b"null", b"true", b"\n", b"\r\n", b"\t"),
    *(b"[", b"]", b"{", b"}", b"[" * 300, b":", b": ", b",", b"- ", b"#", b"&a ", b"*a", b"<<: ", b"!!python/name:os "),
    *(b"''", b'"', b"'", b"|", b"%", b"../", b"/", b"<", b"\\u0000", "é☂".encode(), b" "),
)


@dataclass
class Outcomes:
    """How often a reader ended how; `unclean` has the numbers of the inputs for each way that it must not end."""

    counts: Counter[str] = field(default_factory=Counter)
    unclean: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def __str__(self) -> str:
        ways = "".join(f"\n{len(numbers)} x {way}: inputs {numbers[:5]}" for way, numbers in self.unclean.items())
        return f"{dict(self.counts)}{ways}"


def wanted(count: int) -> int:
    """How many inputs to take: what `RESOLUTE_FUZZ` says, else `count`."""
    return int(os.environ.get(COUNT, count))


def mutated(seeds: Mapping[str, bytes], number: int) -> bytes:
    """Input `number` made of the seeds: one to four mutations of one of them."""
    random = Random(number)
    contents = [seeds[name] for name in sorted(seeds)]
    data = random.choice(contents)
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        ways = [flip, truncate, duplicate, insert, remove, splice]
        if data.startswith(PNG_SIGNATURE):
            ways += [change_chunk] * 6
        if data[:4] in (b"II*\0", b"MM\0*"):
            ways += [change_tiff_entry] * 6
        data = random.choice(ways)(data, random, contents)
    return data


def attack(
    read: Callable[[bytes], object],
    seeds: Mapping[str, bytes],
    count: int,
    memory: int = MEMORY,
    seconds: int = SECONDS,
) -> Outcomes:
    """Give `count` mutated inputs to a reader, in child processes whose memory and time per input are bounded."""
    outcomes, number = Outcomes(), 0
    fork = multiprocessing.get_context("fork")
    while number < count:
        receiver, sender = fork.Pipe(duplex=False)
        child = fork.Process(target=_read_all, args=(sender, read, seeds, range(number, count), memory, seconds))
        child.start()
        sender.close()
        try:
            while number < count:
                _count(outcomes, number, *receiver.recv())
                number += 1
        except EOFError:
            child.join()
            _count(outcomes, number, "died", _death(child.exitcode or 0, seconds))
            number += 1
        child.join()
    return outcomes


def flip(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8) if random.random() < 0.5 else 0xFF
    return bytes(changed)


def truncate(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    return data[: random.randint(0, len(data))]


def duplicate(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    start, stop = _span(data, random)
    return data[:stop] + data[start:stop] * random.choice((1, 1, 2, 20)) + data[stop:]


def insert(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    position = random.randint(0, len(data))
    new = random.choice(TOKENS) if random.random() < 0.7 else random.randbytes(random.randint(1, 16))
    over = len(new) if random.random() < 0.5 else 0
    return data[:position] + new + data[position + over :]


def remove(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    start, stop = _span(data, random)
    return data[:start] + data[stop:]


def splice(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    other = random.choice(others)
    start, stop = _span(other, random)
    position = random.randint(0, len(data))
    return data[:position] + other[start:stop] + data[position + random.choice((0, stop - start)) :]


def change_chunk(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """A PNG with one chunk changed, doubled, moved or left out, its checksums right."""
    chunks, position = [], len(PNG_SIGNATURE)
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        chunks.append((data[position + 4 : position + 8], data[position + 8 : position + 8 + length]))
        position += length + 12
    if not chunks:
        return data
    chosen = random.randrange(len(chunks))
    name, body = chunks[chosen]
    way = random.randrange(6)
    if way == 0:
        del chunks[chosen]
    elif way == 1:
        chunks.insert(random.randint(0, len(chunks)), chunks[chosen])
    elif way == 2:
        chunks[chosen] = (random.choice((b"tRNS", b"gAMA", b"acTL", b"zTXt", b"iCCP", b"eXIf", b"PLTE", b"IDAT")), body)
    else:
        chunks[chosen] = (name, random.choice((flip, truncate, insert, duplicate))(body, random, others))
    whole = (struct.pack(">I", len(b)) + n + b + struct.pack(">I", zlib.crc32(n + b)) for n, b in chunks)
    return PNG_SIGNATURE + b"".join(whole)


def change_tiff_entry(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """A TIFF with tag, type, count or value of one entry of its first directory changed."""
    order = "<" if data.startswith(b"II") else ">"
    if len(data) < 8:
        return data
    (directory,) = struct.unpack_from(f"{order}I", data, 4)
    if directory + 2 > len(data):
        return data
    (entries,) = struct.unpack_from(f"{order}H", data, directory)
    place = directory + 2 + 12 * random.randrange(max(1, entries))
    if place + 12 > len(data):
        return data
    offset, width = random.choice(((0, "H"), (2, "H"), (4, "I"), (8, "I"), (8, "I"), (8, "H"), (8, "H")))
    number = random.choice(
        (0, 1, 2, 3, 4, 5, 8, 12, 16, 32, 255, 4096, 65535, 2**31, 2**32 - 1, random.randrange(2**16))
    )
    new = struct.pack(f"{order}{width}", number & (0xFFFF if width == "H" else 0xFFFFFFFF))
    return data[: place + offset] + new + data[place + offset + len(new) :]


def _span(data: bytes, random: Random) -> tuple[int, int]:
    start = random.randint(0, len(data))
    return start, min(len(data), start + random.choice((1, 4, 16, 64, 1024)))


def _read_all(
    sender: Connection,
    read: Callable[[bytes], object],
    seeds: Mapping[str, bytes],
    numbers: Sequence[int],
    memory: int,
    seconds: int,
) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends even what loops in C
    faulthandler.disable()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + memory, resource.RLIM_INFINITY))
    for number in numbers:
        data = mutated(seeds, number)
        signal.alarm(seconds)
        ending = _ending(read, data)
        signal.alarm(0)
        sender.send(ending)


def _ending(read: Callable[[bytes], object], data: bytes) -> tuple[str, str]:
    """How a reader ends: a word to count by, and where that is unclean, what happened."""
    try:
        read(data)
    except ResoluteError as error:
        is_line = str(error).strip() and str(error).isprintable()
        return ("refused", "") if is_line else ("no line", f"ResoluteError({str(error)!r})")
    except BaseException as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return "traceback", f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno} ({str(error)[:100]})"
    return "read", ""


def _count(outcomes: Outcomes, number: int, ending: str, unclean: str) -> None:
    outcomes.counts[ending] += 1
    if unclean:
        outcomes.unclean[unclean].append(number)


def _death(status: int, seconds: int) -> str:
    if status == -signal.SIGALRM:
        return f"no end within {seconds} s"
    return f"the process died ({signal.Signals(-status).name if status < 0 else f'exit status {status}'})"
