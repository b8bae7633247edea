"""Which jog presses belong to which live channel, so that a cut channel lets go at once."""

from __future__ import annotations

MOST_PER_CHANNEL = 16


class Presses:
    """Live channels that are open now, and the presses held over them."""

    def __init__(self) -> None:
        self._by_channel: dict[str, list[str]] = {}

    def open(self, channel: str) -> None:
        self._by_channel[channel] = []

    def tie(self, channel: str, press: str) -> bool:
        """False where that channel is not open."""
        presses = self._by_channel.get(channel)
        if presses is None:
            return False
        presses.append(press)
        del presses[:-MOST_PER_CHANNEL]
        return True

    def untie(self, press: str) -> None:
        for presses in self._by_channel.values():
            if press in presses:
                presses.remove(press)

    def close(self, channel: str) -> list[str]:
        """The channel is cut; the presses that are to end."""
        return self._by_channel.pop(channel, [])
