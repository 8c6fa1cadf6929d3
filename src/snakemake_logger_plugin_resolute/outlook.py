"""What of a run is done, what runs now, and how long the rest will take."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Job:
    """A job that has started; `began` is in seconds of `time.monotonic`."""

    rule: str
    title: str
    log: str
    began: float = field(default_factory=time.monotonic)


class Outlook:
    """The jobs of a run.

    Args:
        counts: how many jobs of each rule are to be done.
    """

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.left = Counter(counts)
        self.total = self.left.total()
        self.running: dict[int, Job] = {}
        self.failed: set[int] = set()
        self.began = time.monotonic()
        self._finished: Counter[str] = Counter()
        self._seconds: dict[str, float] = {}

    @property
    def done(self) -> int:
        """How many jobs have ended well."""
        return self.total - self.left.total()

    def start(self, number: int, job: Job) -> None:
        """A job starts, perhaps once more."""
        self.running[number] = job
        self.failed.discard(number)

    def finish(self, number: int) -> tuple[Job, float]:
        """A job has ended well: which one, and the seconds that it took."""
        job = self.running.pop(number)
        seconds = time.monotonic() - job.began
        self.left[job.rule] -= 1
        self._finished[job.rule] += 1
        self._seconds[job.rule] = self._seconds.get(job.rule, 0.0) + seconds
        return job, seconds

    def fail(self, number: int) -> Job | None:
        """A job has failed: which one, if it had started."""
        self.failed.add(number)
        return self.running.pop(number, None)

    def summary(self) -> str:
        """How many jobs have ended well, how many have failed, and in what time."""
        failed = f", {len(self.failed)} failed" if self.failed else ""
        return f"{self.done} of {self.total} jobs done{failed}, in {duration(time.monotonic() - self.began)}"

    def seconds_left(self) -> float | None:
        """What the jobs that are left take if each takes as long as those of its rule, as many at once, as so far.

        A rule of which no job has ended yet is taken for the mean of all; none before the first job has ended.
        """
        if not self._finished:
            return None
        now = time.monotonic()
        spent = sum(self._seconds.values())
        mean = spent / self._finished.total()
        means = {rule: seconds / self._finished[rule] for rule, seconds in self._seconds.items()}
        running = [(now - job.began, means.get(job.rule, mean)) for job in list(self.running.values())]
        left = sum(count * means.get(rule, mean) for rule, count in self.left.items())
        left -= sum(min(seconds, expected) for seconds, expected in running)
        at_once = (spent + sum(seconds for seconds, _ in running)) / (now - self.began)
        return left / max(at_once, 1e-3)


def duration(seconds: float) -> str:
    """A time as people say it: 0.4 s, 12 s, 3 min, 2 h 5 min."""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
