"""The site as a person meets it: real Chromium, the whole site with its workers, nothing but 127.0.0.1."""
