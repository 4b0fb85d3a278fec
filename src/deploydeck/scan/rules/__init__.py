"""Rules: tables that say what a technology looks like and what follows from it. Widening the scanner means adding rows."""
