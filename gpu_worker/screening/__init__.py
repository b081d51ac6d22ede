"""Looking at photos for what should not be animated."""
