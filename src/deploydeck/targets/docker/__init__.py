"""The local Docker Engine as a target. Opened by `deploydeck.targets.open_target`."""
