"""Write `.dvc/plots.html`, the page of `dvc plots show` and `dvc plots diff`, with all that it needs inside.

DVC's own page loads its scripts from a public host and is blank without a network. `npm` brings the packages here and
checks them against the versions' published checksums:

    python workflow/scripts/plots_page.py
"""

import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

# The last versions that draw the specifications (Vega-Lite 5) which DVC writes. All three are BSD-3-Clause, by the same
# authors; two of them carry its text, the page does too.
PACKAGES = {"vega": "5.33.1", "vega-lite": "5.23.0", "vega-embed": "6.29.0"}
TARGET = Path(__file__).parents[2] / ".dvc/plots.html"

# The policy forbids every request to a network; Vega compiles its expressions, hence 'unsafe-eval'.
PAGE = """<!DOCTYPE html>
<html lang="en">
<!-- NOTICE -->
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval';
 style-src 'unsafe-inline'; img-src 'self' file: data: blob:">
{refresh_tag}
<title>Resolute: plots</title>
<style>body { font-family: sans-serif; margin: 2em } body > div { display: inline-block; margin: 1em }</style>
SCRIPTS
</head>
<body>
{plot_divs}
</body>
</html>
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        packages = {name: _unpack(name, version, Path(folder)) for name, version in PACKAGES.items()}
        scripts = "\n".join(_script(name, package) for name, package in packages.items())
        licence = (packages["vega-embed"] / "LICENSE").read_text(encoding="utf-8").strip()
    versions = ", ".join(f"{name} {version}" for name, version in PACKAGES.items())
    page = PAGE.replace("NOTICE", f"Holds {versions}:\n\n{licence}\n").replace("SCRIPTS", scripts)
    part = TARGET.with_name(f"{TARGET.name}.part")
    part.write_text(page, encoding="utf-8")
    part.replace(TARGET)
    print(f"{TARGET}: {TARGET.stat().st_size / 1e6:.2f} MB")


def _unpack(name: str, version: str, folder: Path) -> Path:
    """A package as npm brings it, unpacked."""
    command = ["npm", "pack", "--silent", f"{name}@{version}"]
    packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
    with tarfile.open(folder / packed) as archive:
        archive.extractall(folder / name, filter="data")
    return folder / name / "package"


def _script(name: str, package: Path) -> str:
    """A package's minified script as an element of the page."""
    text = (package / f"build/{name}.min.js").read_text(encoding="utf-8")
    text = re.sub(r"</(script)", r"<\\/\1", text, flags=re.IGNORECASE)
    text = re.sub(r"^//# sourceMappingURL=.*$", "", text, flags=re.MULTILINE).strip()
    return f"<script>\n{text}\n</script>"


if __name__ == "__main__":
    main()
