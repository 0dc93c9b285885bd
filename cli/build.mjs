// Placeholder until the bundle exists; replaced by the command line's own build.
