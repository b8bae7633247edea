"""Making the models: rendered pictures with truth, fitting, export, evaluation. Never needed to run a cell.

The renderer and torch (extra ``train``) are imported by the functions that use them: this face can always be imported.
"""

from ._cell_scenes import ORDERS as SCENE_ORDERS
from ._cell_scenes import SceneOrder, write_scene
from ._data_plan import DataPlan, Job, jobs, scene_of
from ._produce import chosen_plan, load_plan, produce

__all__ = [
    "SCENE_ORDERS",
    "DataPlan",
    "Job",
    "SceneOrder",
    "chosen_plan",
    "jobs",
    "load_plan",
    "produce",
    "scene_of",
    "write_scene",
]
