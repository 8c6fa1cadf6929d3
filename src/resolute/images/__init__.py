"""Image files, MATLAB's bicubic resizing, colour and tiling: arrays in, arrays out, no networks."""
