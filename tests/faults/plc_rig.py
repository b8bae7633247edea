"""A simulated PLC behind a fault proxy, scanned by the test, with delid's driver in front of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from pathlib import Path

from delid.core import SystemClock
from delid.devices.plc import PlcDriver
from delid.sim.plc import PlcLogic, Site, load_site, serve
from delid.sim.proxy import TcpProxy
from plc_raw import Heard, driving, until

SCAN_S = 0.01
TIMEOUT_S = 0.2
SPEED = 10.0
"""Of clamp and extraction; the watchdog always runs in real time."""
_site = cache(load_site)


class SimulatedPlc:
    """The PLC's program and its server; ``scanning`` stops the one and leaves the other, as a PLC in STOP does."""

    def __init__(self, site: Site) -> None:
        self.site, self.clock = site, SystemClock()
        self.starts = 0
        self.scanning = True
        self.port = 0
        self.logic = PlcLogic(site, speed=SPEED)

    async def power_up(self, stack: AsyncExitStack) -> None:
        """A new start of the program on the same port; registers come up empty."""
        self.starts += 1
        self.logic = PlcLogic(self.site, speed=SPEED, start_count=self.starts)
        self.port = await stack.enter_async_context(serve(self.logic, self.site.register_map, "127.0.0.1", self.port))

    async def scan(self) -> None:
        while True:
            if self.scanning:
                self.logic.scan(self.clock.now_s())
            await self.clock.sleep(SCAN_S)


class Rig:
    """PLC, proxy and driver; the driver has the motion permission when a test begins."""

    def __init__(self, plc: SimulatedPlc, power: AsyncExitStack, proxy: TcpProxy, driver: PlcDriver, heard: Heard):
        self.plc, self.power, self.proxy, self.driver, self.heard = plc, power, proxy, driver, heard

    @property
    def permitted(self) -> bool:
        return self.plc.logic.motion_permitted

    @property
    def lost(self) -> str:
        """Why the link is down; empty while it is up."""
        last = self.heard.links[-1]
        return "" if last.up else last.detail

    async def seconds_until(self, what: Callable[[], object], within_s: float = 5.0) -> float:
        start_s = self.plc.clock.now_s()
        await until(what, within_s)
        return self.plc.clock.now_s() - start_s

    async def restart_plc(self) -> None:
        await self.power.aclose()
        await self.plc.power_up(self.power)


@asynccontextmanager
async def permitted_rig(repository: Path) -> AsyncIterator[Rig]:
    site = _site(repository / "fixtures/scenarios/vw-meb-82-clean.yaml")
    plc = SimulatedPlc(site)
    async with AsyncExitStack() as power:
        await plc.power_up(power)
        scanning = asyncio.create_task(plc.scan())
        try:
            async with (
                TcpProxy("127.0.0.1", plc.port) as proxy,
                driving(proxy.port, site.register_map, timeout_s=TIMEOUT_S) as (driver, heard),
            ):
                await heard.link(True)
                rig = Rig(plc, power, proxy, driver, heard)
                assert (await driver.command("reset", "reset_faults", {}, 5.0)).ok
                await until(lambda: rig.permitted)
                yield rig
        finally:
            scanning.cancel()
            await asyncio.gather(scanning, return_exceptions=True)
