"""Real builds with a real engine."""
