"""Generation: from what a project is to the files its deployment needs, each line with its reason and each file checked."""

from deploydeck.generate.checking import Checking, VerdictCache
from deploydeck.generate.generator import ConfigurationGenerator

__all__ = ["Checking", "ConfigurationGenerator", "VerdictCache"]
