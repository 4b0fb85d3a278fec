"""This machine without containers as a target, for previews. Opened by `deploydeck.targets.open_target`.

Nothing is imported here: the keeper, which runs as long as the program does, takes only what it needs.
"""
