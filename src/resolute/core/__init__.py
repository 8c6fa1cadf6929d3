"""What every part stands on: errors, paths, checked configuration, provenance, devices."""
