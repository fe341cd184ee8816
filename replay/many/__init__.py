"""Many captures: one pure function a capture, here, in processes, or on a cluster."""
