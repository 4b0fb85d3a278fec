"""Watching what runs: is it healthy, and what do its logs say."""

from deploydeck.observe.matching import LineFilter, level_of, parse_since
from deploydeck.observe.service import MonitoringService

__all__ = ["LineFilter", "MonitoringService", "level_of", "parse_since"]
