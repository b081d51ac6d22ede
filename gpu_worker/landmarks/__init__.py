"""Where the faces are: detection, landmarks, head pose, and the check a photo passes before anything is rendered."""
