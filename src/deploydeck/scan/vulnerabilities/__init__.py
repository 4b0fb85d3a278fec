"""Known vulnerabilities of a project's dependencies: OSV over HTTP, answers kept for a day, imported advisories offline."""

from deploydeck.scan.vulnerabilities.archive import Coverage, Imported, Index
from deploydeck.scan.vulnerabilities.cache import Cache
from deploydeck.scan.vulnerabilities.check import check
from deploydeck.scan.vulnerabilities.client import public
from deploydeck.scan.vulnerabilities.severity import RATINGS

__all__ = ["RATINGS", "Cache", "Coverage", "Imported", "Index", "check", "public"]
