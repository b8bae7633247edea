"""The simulated controller's logic with its present time; no port and no real time."""

from __future__ import annotations

from delid.sim.robot import GrblLogic, Machine


class Bench:
    def __init__(self, **options: bool) -> None:
        self.logic = GrblLogic(Machine(), **options)
        self.now_s = 0.0
        self.greeting = self.wait(0.0)

    def wait(self, duration_s: float) -> list[str]:
        self.now_s += duration_s
        return self.logic.advance(self.now_s).decode().split("\r\n")[:-1]

    def send(self, data: bytes) -> list[str]:
        self.logic.feed(data)
        return self.wait(0.0)

    def state(self) -> str:
        return self.send(b"?")[-1].strip("<>").split("|")[0]

    def home(self) -> Bench:
        assert self.send(b"$H\n") == []
        assert self.wait(30.0)[-1] == "ok"
        return self

    @property
    def x_mm(self) -> float:
        return self.logic.flange_mm()[0]
