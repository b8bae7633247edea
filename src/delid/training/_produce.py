"""Rendering a data set: resumable, in several processes, each picture from its own seed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from delid.core import DelidError, UsageError

from ._data_plan import DataPlan, Job, jobs, scene_of
from ._linear import write_linear
from ._render import render
from ._truth import truth_of

PLAN_FILE = "plan.json"


def load_plan(path: Path) -> DataPlan:
    """A plan from its JSON file."""
    data = json.loads(path.read_text())
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return DataPlan(**fields)


def chosen_plan(path: Path | None, seed: int | None, hdri: Path | None) -> DataPlan:
    """The plan of a file or the standard one, with another seed or real surroundings where given."""
    if path is not None and not path.is_file():
        raise UsageError(f"there is no plan at {path}.")
    plan = load_plan(path) if path else DataPlan()
    plan = plan if seed is None else replace(plan, seed=seed)
    return plan if hdri is None else replace(plan, hdri=str(hdri))


def produce(folder: Path, plan: DataPlan, processes: int, say: Callable[[str], None]) -> int:
    """Render what is missing of the plan into ``folder``; returns how many pictures there are then.

    Two processes are faster than one with more threads; the renderer's own threads are left as they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PLAN_FILE).write_text(json.dumps(asdict(plan), indent=2) + "\n")
    todo = [job for job in jobs(plan) if not (folder / f"{job.name}.json").exists()]
    say(f"{len(todo)} pictures to render, {len(jobs(plan)) - len(todo)} are there")
    workers = [
        subprocess.Popen([sys.executable, "-m", "delid.training._work", str(folder), str(k), str(processes)])
        for k in range(processes)
    ]
    codes = [worker.wait() for worker in workers]
    if any(codes):
        raise DelidError(
            f"rendering stopped: the processes ended with {codes}.",
            hint="Read the first error above; call the same command again to go on.",
            code="training.render",
        )
    return sum((folder / f"{job.name}.json").exists() for job in jobs(plan))


def render_job(job: Job, plan: DataPlan, folder: Path) -> None:
    """One picture and its truth; the truth is written last, so that it marks a whole pair."""
    scene = scene_of(job, plan)
    rendered = render(scene)
    write_linear(folder / f"{job.name}.png", rendered.linear)
    write_linear(folder / f"{job.name}.rakes.png", rendered.rakes)
    part = folder / f"{job.name}.part"
    truth = truth_of(scene, rendered, job.split)
    part.write_text(json.dumps({**truth, "kind": job.kind, "sensor": asdict(scene.sensor)}))
    part.replace(folder / f"{job.name}.json")


def work(folder: Path, number: int, processes: int) -> None:
    """Render every ``processes``-th missing picture, beginning with ``number``."""
    plan = load_plan(folder / PLAN_FILE)
    mine = jobs(plan)[number::processes]
    began_s, count = time.monotonic(), 0
    for job in mine:
        if (folder / f"{job.name}.json").exists():
            continue
        render_job(job, plan, folder)
        count += 1
        if count % 10 == 0:
            rate = (time.monotonic() - began_s) / count
            left = sum(not (folder / f"{j.name}.json").exists() for j in mine)
            print(f"worker {number}: {count} done, {rate:.1f} s each, {left} left", flush=True)
