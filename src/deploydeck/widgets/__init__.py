"""Widgets: they know the nouns and the action table, and no service."""
