"""What a finished video is worth, measured on its decoded frames and sound, and the certificate that says so."""
