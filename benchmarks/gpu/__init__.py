"""Everything that a GPU should prove, in one command, on a machine that has little else; see benchmarks/README.md."""
