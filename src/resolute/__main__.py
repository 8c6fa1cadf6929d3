"""`python -m resolute` is `resolute`."""

from resolute.cli import main

main()
