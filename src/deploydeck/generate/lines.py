"""A text file that grows line by line, each with the reason why it is there."""

from __future__ import annotations

from dataclasses import dataclass, field

from deploydeck.domain import Evidence, GeneratedFile, LineReason
from deploydeck.generate.render import MAX_EVIDENCE


@dataclass
class Lines:
    """Lines with reasons, growing."""

    path: str
    lines: list[str] = field(default_factory=list)
    reasons: list[LineReason] = field(default_factory=list)

    def add(self, text: str, rule: str = "", why: str = "", evidence: tuple[Evidence, ...] = ()) -> None:
        """One line; without a rule it is a comment or blank, and needs no reason."""
        self.lines.append(text)
        if rule:
            self.reasons.append(LineReason(line=len(self.lines), rule=rule, why=why, evidence=evidence[:MAX_EVIDENCE]))

    def file(self) -> GeneratedFile:
        return GeneratedFile(path=self.path, content="\n".join(self.lines) + "\n", reasons=tuple(self.reasons))
