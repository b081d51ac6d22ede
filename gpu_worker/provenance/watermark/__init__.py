"""An imperceptible watermark in luma that carries a job's id through re-encoding, resizing and cropping."""
