"""Rendering: from a photo, a face and a motion track to frames."""
