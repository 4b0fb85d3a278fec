"""DeployDeck: a deployment control center in the terminal."""

__version__ = "0.1.0"
