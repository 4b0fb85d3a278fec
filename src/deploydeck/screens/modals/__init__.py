"""Dialogs: each answers one question and knows no service."""
