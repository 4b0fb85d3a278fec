"""The local Docker Engine as a target."""

from deploydeck.targets.docker.target import DockerTarget

__all__ = ["DockerTarget"]
