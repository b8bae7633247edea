"""A whole cell for tests: simulated PLC and robot, the cell process and the panel, each a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from delid.ipc import CellClient
from delid.sim import World
from plain_cell import without_ledger

REPOSITORY = Path(__file__).resolve().parent.parent
READY_S = 60.0


class CellRig:
    """Starts and ends the processes of one cell; use as an asynchronous context.

    ``scenario`` is what is wrong with the pack, if not what the fixture of the scene's name says. A ``quick`` cell
    has one camera under one light, and judges one frame in each look.
    """

    def __init__(
        self, folder: Path, scene: str, speed: float, *, scenario: Path | None = None, quick: bool = False
    ) -> None:
        self.folder, self.scene, self.speed, self.quick = folder, scene, speed, quick
        self.scenario = scenario or REPOSITORY / "fixtures/scenarios" / f"{scene}.yaml"
        self.world = World(folder / "world")
        self.cell_file = folder / "cell.yaml"
        self.socket = folder / "cell.sock"
        self.processes: dict[str, asyncio.subprocess.Process] = {}
        self.client: CellClient | None = None

    async def __aenter__(self) -> CellRig:
        try:
            await self._start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.client is not None:
            self.client.close()
        for name in list(self.processes):
            await self.end(name)

    async def _start(self) -> None:
        shared = ("--world", str(self.world.folder), "--speed", str(self.speed))
        demo = REPOSITORY / "cell_configs/cells/demo.yaml"
        link = str(self.folder / "robot")
        plc, _ = await asyncio.gather(
            self.spawn("plc", "sim", "plc", "--scenario", str(self.scenario), "--port", "0", *shared),
            self.spawn("robot", "sim", "robot", "--link", link, "--cell", str(demo), *shared),
        )
        self._write_cell(demo, int(plc["port"]), link)
        await self.start_cell()

    def _write_cell(self, demo: Path, port: int, link: str) -> None:
        """The demo cell with absolute paths and the simulated devices."""
        yaml = YAML(typ="safe")
        data = yaml.load(without_ledger(demo.read_text()))
        if self.quick:
            data["cameras"] = [{**data["cameras"][0], "frames": 1}]
            data["cameras"][0].pop("looks")
        base = demo.parent

        def absolute(path: str) -> str:
            return str((base / path).resolve())

        scene = REPOSITORY / "fixtures/scenes" / self.scene
        data["cameras"][0]["source"] = {"kind": "scene", "path": str(scene), "world": str(self.world.folder)}
        for close in data["cameras"][1:]:
            close["source"] |= {"path": absolute(close["source"]["path"]), "world": str(self.world.folder)}
        data["motion"]["port"] = link
        data["plc"] |= {"port": port, "map": absolute(data["plc"]["map"])}
        data["models"] = {k: absolute(v) for k, v in data["models"].items()}
        data["packs"] = [absolute(p) for p in data["packs"]]
        data["recipes"] = [absolute(p) for p in data["recipes"]]
        data["health"] = absolute(data["health"])
        data["runs"] = str(self.folder / "runs")
        data["socket"] = str(self.socket)
        self.cell_file.write_text(json.dumps(data))

    async def spawn(self, name: str, *arguments: str) -> dict[str, Any]:
        """Start ``delid ARGUMENTS``; the simulators answer with a line of facts."""
        log = (self.folder / f"{name}.log").open("ab")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "delid", *arguments, stdout=asyncio.subprocess.PIPE, stderr=log, cwd=REPOSITORY
        )
        log.close()
        self.processes[name] = process
        if arguments[0] != "sim":
            return {}
        assert process.stdout is not None
        async with asyncio.timeout(READY_S):
            line = await process.stdout.readline()
        assert line, (self.folder / f"{name}.log").read_text()
        facts: dict[str, Any] = json.loads(line)
        return facts

    async def start_cell(self) -> None:
        await self.spawn("cell", "cell", str(self.cell_file))
        if self.client is not None:
            self.client.close()
        self.client = CellClient(self.socket)
        await self.until(lambda s: all(d["up"] for n, d in s["devices"].items() if n != "camera"))

    async def end(self, name: str) -> None:
        process = self.processes.pop(name)
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(10):
                    await process.wait()
            except TimeoutError:
                process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined]

    async def kill(self, name: str) -> float:
        """SIGKILL; returns the monotonic time of it."""
        process = self.processes.pop(name)
        process.kill()
        at_s = time.monotonic()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined]
        return at_s

    async def state(self) -> dict[str, Any]:
        assert self.client is not None
        reply = await self.client.request({"op": "state"}, 5.0)
        state: dict[str, Any] = reply["state"]
        return state

    async def until(self, good: Callable[[dict[str, Any]], bool], within_s: float = READY_S) -> dict[str, Any]:
        """Poll the state until ``good``; fails with the last state and the cell's log."""
        end_s, last = time.monotonic() + within_s, {}
        while time.monotonic() < end_s:
            process = self.processes.get("cell")
            assert process is None or process.returncode is None, (self.folder / "cell.log").read_text()
            try:
                last = await self.state()
            except Exception as error:  # noqa: BLE001 - the cell may still be starting
                last = {"error": str(error)}
            if "packml" in last and good(last):
                return last
            await asyncio.sleep(0.05)
        brief = {k: last.get(k) for k in ("packml", "waiting_for", "question", "alarms", "error", "current_step")}
        raise AssertionError(
            f"not reached within {within_s} s: {brief}\n{(self.folder / 'cell.log').read_text()[-2000:]}"
        )

    async def command(self, name: str) -> dict[str, Any]:
        assert self.client is not None
        return await self.client.request({"op": "command", "command": name, "by": "test"}, 5.0)

    async def answer(self, state: dict[str, Any], answer: str) -> None:
        assert self.client is not None
        message = {"op": "answer", "question_id": state["question"]["id"], "answer": answer, "by": "test"}
        reply = await self.client.request(message, 5.0)
        assert reply["ok"], reply

    async def reconcile(self, say: Callable[[dict[str, Any]], str] = lambda question: "done") -> list[str]:
        """Answer what is asked about the run before: the same pack, and ``say`` for each part; gives what was asked."""
        asked: list[str] = []
        while (question := (await self.state())["question"]) is not None and question["id"].startswith("q.left."):
            asked.append(question["target"] or "the pack")
            message = {"question_id": question["id"], "answer": say(question) if question["target"] else "same pack"}
            assert self.client is not None
            reply = await self.client.request({"op": "answer", "by": "test", **message}, 5.0)
            assert reply["ok"], reply
        return asked

    async def start_run(self) -> None:
        """Reset, start, pull the service disconnect; then the robot works."""
        await self.until(lambda s: all(row["ok"] for row in s["reset_checklist"]))
        assert (await self.command("Reset"))["ok"]
        await self.until(lambda s: s["packml"] == "Idle" and all(row["ok"] for row in s["reset_checklist"]))
        assert (await self.command("Start"))["ok"]
        state = await self.until(lambda s: s["question"] is not None)
        while "it is not there" in state["question"]["answers"]:  # the pictures leave a damage unclear
            asked = state["question"]["id"]
            await self.answer(state, "it is not there")
            state = await self.until(lambda s, asked=asked: s["question"] and s["question"]["id"] != asked)
        assert "service disconnect" in state["question"]["text"], state["question"]
        await self.answer(state, state["question"]["answers"][0])
