"""Networks that have an upsampler for each of several scales, and share all else."""
