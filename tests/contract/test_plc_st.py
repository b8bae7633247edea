"""delid's driver against delid_cell.st, run in scans of 10 ms behind plain sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from delid.config import RegisterMap, load_register_map
from plc_raw import RawPlc, driving, until
from st_reader import Unit, start


class StPlc(RawPlc):
    """The program on the wire; the field answers its outputs at the next scan."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.addresses: dict[str, str] = {}
        self.restart()

    def restart(self) -> None:
        self.main, units = start(self.text, "DelidMain")
        unit: Unit = units["DelidMain"]
        self.addresses = {v.address: name for name, v in unit.variables.items() if v.address}
        self.main.values.update(di_estop_ok=True, di_guard_closed=True)

    def scan(self) -> None:
        values = self.main.values
        for at, words in ((100, self.control), (110, self.command)):
            values.update({self.addresses[f"%QW{at + n}"]: word for n, word in enumerate(words)})
        values.update(di_clamp_closed=values["do_clamp_close"], di_station_done=values["do_station_run"])
        values.update(di_quench_flow=values["do_quench"])
        self.main.scan()
        for n in range(21):
            self.status[n] = values[self.addresses[f"%QW{n}"]]

    def take(self) -> None:
        """Reads change nothing: the program scans by itself."""

    async def scans(self) -> None:
        while True:
            self.scan()
            await asyncio.sleep(0.01)


@pytest.fixture
def plc_map(repository: Path) -> RegisterMap:
    return load_register_map(repository / "cell_configs/plc/delid-1.yaml")


@pytest.fixture
async def plc(repository: Path) -> AsyncIterator[StPlc]:
    plc = StPlc((repository / "cell_configs/plc/delid_cell.st").read_text(encoding="utf-8"))
    plc.scan()
    await plc.start()
    scanning = asyncio.create_task(plc.scans())
    yield plc
    scanning.cancel()
    await asyncio.gather(scanning, return_exceptions=True)
    await plc.stop()


async def test_the_driver_and_the_program_understand_each_other(plc: StPlc, plc_map: RegisterMap) -> None:
    async with driving(plc.port, plc_map, timeout_s=1.0) as (driver, heard):
        await heard.link(True)
        assert (await driver.command("a", "unfasten", {"torque_nm": 9, "impact": 0}, 5.0)).failure == "refused"
        for name, params in (
            ("reset_faults", {}),
            ("close_clamp", {}),
            ("set_light", {"lamps": 2}),
            ("unfasten", {"torque_nm": 12.34, "impact": 1}),
        ):
            finished = await driver.command(name, name, params, 5.0)
            assert finished.ok, finished
        assert (plc.main.ao_lamps, plc.main.ao_station_torque, plc.main.do_station_impact) == (2, 1234, True)
        values = finished.values
        assert (values["motion_permitted"], values["clamp_closed"], values["watchdog_ok"]) == (True, True, True)
        waiting = asyncio.create_task(driver.command("air", "start_extraction", {}, 5.0))
        await until(lambda: plc.main.do_extraction)
        assert (await driver.cancel("stop", 2.0)).ok
        assert (await waiting).failure == "cancelled"
        assert (await driver.command("fire", "quench", {}, 5.0)).ok
        full = await driver.command("air full", "extraction_full", {}, 5.0)
        assert (full.ok, full.values["quench_on"]) == (True, True)
        assert (plc.main.do_quench, plc.main.do_extraction_full) == (True, True)
        plc.main.values["di_guard_closed"] = False
        await until(lambda: heard.tags[-1].values["fault_latched"])
        assert len(heard.links) == 1


async def test_a_restart_of_the_program_is_seen_and_runs_nothing(plc: StPlc, plc_map: RegisterMap) -> None:
    async with driving(plc.port, plc_map, timeout_s=1.0) as (driver, heard):
        await heard.link(True)
        assert (await driver.command("a", "reset_faults", {}, 5.0)).ok
        starts = plc.main.starts
        plc.restart()
        plc.main.values["starts"] = starts  # VAR RETAIN
        await heard.link(False)
        assert "the PLC was restarted" in heard.links[-1].detail
        assert (await heard.link(True)).ack_seq == 1
        assert not plc.main.do_motion_permitted
        assert (await driver.command("b", "signal_quarantine", {}, 5.0)).ok
