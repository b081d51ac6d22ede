"""From articulators and sound to everything the face does: lips, blinks, gaze, brows, head, breath, gestures."""
