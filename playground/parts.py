"""The parts of one window that are not widgets, handed to the journeys that connect them."""

from dataclasses import dataclass

from playground.background import Background
from playground.document import Document
from playground.probe import Probe
from playground.selection import Selection
from playground.session import Session
from playground.settings import Settings


@dataclass(frozen=True)
class Parts:
    """One of each; they live as long as the window."""

    document: Document
    session: Session
    probe: Probe
    selection: Selection
    loading: Background
    measuring: Background
    settings: Settings
