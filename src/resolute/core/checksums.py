"""By what a file from elsewhere is known to be the right one: as much of a checksum as its makers have published."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from resolute.core.provenance import file_sha256

# Which digits each kind of checksum has, and how messages call them.
KINDS = {"sha256": "sha256", "sha256_prefix": "sha256 beginning with", "git_blob": "git blob"}
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Checksum:
    """A checksum on record, in hex digits.

    `sha256` has all 64. `sha256_prefix` has the first of them, at least 8, as the file names of torch.hub and OpenMMLab
    do. `git_blob` is the id that git gives to content: the sha1 of `blob <bytes>`, a zero byte and the content.
    """

    kind: str
    digits: str

    def found(self, file: Path) -> str:
        """The digits that a file has in place of these."""
        if self.kind == "git_blob":
            return _git_blob(file)
        return file_sha256(file)[: len(self.digits)]

    def fits(self, file: Path) -> bool:
        """Whether a file has these digits."""
        return self.found(file) == self.digits

    @property
    def is_whole(self) -> bool:
        """Whether this is the sha256 itself: of any other kind the sha256 is known once the file is here."""
        return self.kind == "sha256"

    def __str__(self) -> str:
        return f"{KINDS[self.kind]} {self.digits}"


def _git_blob(file: Path) -> str:
    sha1 = hashlib.sha1(f"blob {file.stat().st_size}\0".encode(), usedforsecurity=False)
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK_BYTES):
            sha1.update(chunk)
    return sha1.hexdigest()
