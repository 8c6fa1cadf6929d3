"""The parts of a run, a module each: `run(setup)` does what the journal does not have yet."""
