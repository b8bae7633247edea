"""A Dask cluster of two local workers, in a process of its own; prints what came of it.

``dask_run.py CELL FOLDER threads|processes``: workers that are threads of this process start ten times as fast, and
speak the same TCP; only processes can be killed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    import dask
    from distributed import LocalCluster
    from many_kit import Mortal

    from delid.replay import cell_for_replay
    from delid.replay.many import DaskPool, Setup, find_sources

    cell, folder, processes = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "processes"
    # One death is enough to suspect a recording, so that few workers have to start again.
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=processes,
            protocol="tcp://",
            host="127.0.0.1",
            dashboard_address=None,
        ) as cluster,
    ):
        done: list[str] = []
        setup = Setup(cell_for_replay(cell), cache=folder / "kept")
        pool = DaskPool(
            setup, cluster.scheduler_address, on_done=lambda judged: done.append(judged.source.name), worker=Mortal
        )
        found = list(pool.run(find_sources([str(folder)])))
    verdicts = {
        judged.source.name: judged.error.code if judged.error else judged.verdict.equal if judged.verdict else None
        for judged in found
    }
    print(json.dumps({"order": [judged.source.name for judged in found], "done": sorted(done), "verdicts": verdicts}))


if __name__ == "__main__":
    main()
