"""Visemes: from timed phones to what jaw, lips and tongue do over time. Kept light: import the modules you need."""
