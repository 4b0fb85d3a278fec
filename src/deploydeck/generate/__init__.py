"""Generation: from what a project is to the files its deployment needs, each line with its reason and each file checked."""

from deploydeck.generate.checking import Checking, VerdictCache
from deploydeck.generate.compose import APP as COMPOSE_APP
from deploydeck.generate.environments import environment_names
from deploydeck.generate.generator import ConfigurationGenerator
from deploydeck.generate.recipe import app_name

__all__ = ["COMPOSE_APP", "Checking", "ConfigurationGenerator", "VerdictCache", "app_name", "environment_names"]
