"""What the screens share: the Deck, the open project and what is being done with it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploydeck.deck import Deck, Prepared, Proposal, Scanned
    from deploydeck.domain import Change, Deployment, VulnerabilityReport

Topic = str
"""What changed: deck, project, scan, offer, choice, deployment, activity, worker, keys."""


@dataclass(frozen=True)
class Offer:
    """Changes to review. `proposal` is set when the generator made them: then decisions are remembered."""

    title: str
    scanned: Scanned
    changes: tuple[Change, ...]
    proposal: Proposal | None = None


@dataclass
class Session:
    """The state of one run of the program. Change it through the methods: they tell every screen that cares."""

    publish: Callable[[Topic], None]
    root: Path | None = None
    deck: Deck | None = None
    scanned: Scanned | None = None
    vulnerabilities: VulnerabilityReport | None = None
    offer: Offer | None = None
    prepared: Prepared | None = None
    deployment: Deployment | None = None
    environment: str | None = None
    target: str | None = None
    unfinished: int | None = None
    awaiting: int = 0
    keymap: dict[str, str] = field(default_factory=dict)
    logs_of: str | None = None
    activities: dict[int, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @contextmanager
    def activity(self, text: str) -> Iterator[None]:
        """Say what is being done for as long as it takes."""
        number = next(self._numbers)
        self.activities[number] = text
        self.publish("activity")
        try:
            yield
        finally:
            del self.activities[number]
            self.publish("activity")

    @property
    def doing(self) -> str:
        """The activity that began last; empty when nothing is done."""
        return next(reversed(self.activities.values()), "")

    @property
    def environment_name(self) -> str:
        """The chosen environment, or the default one of the open project."""
        if self.deployment is not None:
            return self.deployment.environment
        if self.environment:
            return self.environment
        return self.scanned.settings.default_environment if self.scanned else ""

    @property
    def target_name(self) -> str:
        """The chosen target, or the one the last plan or proposal settled on."""
        if self.target:
            return self.target
        if self.deployment is not None:
            return self.deployment.target
        for settled in (self.prepared, self.offer.proposal if self.offer else None):
            if settled is not None:
                return settled.config.target
        return ""

    def open_project(self, root: Path) -> None:
        """Another project is in hand now; everything known of the last one is dropped."""
        self.root = root
        self.scanned = self.vulnerabilities = self.offer = self.prepared = self.deployment = None
        self.environment = self.target = self.logs_of = None
        self.publish("project")

    def set_scanned(self, scanned: Scanned) -> None:
        if self.scanned is None or self.scanned.profile.dependencies != scanned.profile.dependencies:
            self.vulnerabilities = None  # what was asked about is no longer what is there
        self.scanned = scanned
        self.publish("scan")

    def set_vulnerabilities(self, report: VulnerabilityReport) -> None:
        self.vulnerabilities = report
        self.publish("scan")

    def set_offer(self, offer: Offer | None) -> None:
        self.offer = offer
        self.publish("offer")

    def set_prepared(self, prepared: Prepared | None) -> None:
        self.prepared = prepared
        self.publish("choice")

    def forget_plan(self) -> None:
        """The project is another now: what was planned no longer holds, and what has ended is history."""
        self.prepared = None
        if not self.running:
            self.deployment = None

    def set_deployment(self, deployment: Deployment | None) -> None:
        self.deployment = deployment
        self.publish("deployment")

    def choose(self, *, environment: str | None = None, target: str | None = None) -> None:
        """Another environment or target; what was planned and proposed for the last one no longer holds."""
        if environment is not None:
            self.environment, self.target = environment, None
        if target is not None:
            self.target = target
        self.prepared = self.offer = None
        self.publish("choice")

    @property
    def running(self) -> bool:
        """Whether the followed deployment has not ended."""
        return self.deployment is not None and not self.deployment.state.terminal
