"""Files of pictures, sound and video: decoding, encoding, nothing else."""
