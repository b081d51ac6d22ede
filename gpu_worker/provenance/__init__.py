"""What tells a viewer, a reader program and the operator that a video was made here, and by which job."""
