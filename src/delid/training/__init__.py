"""Making the models: rendered pictures with truth, fitting, export, evaluation. Never needed to run a cell.

The renderer and torch (extra ``train``) are imported by the functions that use them: this face can always be imported.
"""

from ._card import write_cards
from ._cell_scenes import ORDERS as SCENE_ORDERS
from ._cell_scenes import SceneOrder, write_scene
from ._closeups import NEAR_PLAN, CloseUpPlan, produce_close_ups
from ._data_plan import DataPlan, Job, jobs, scene_of
from ._models import export_fit, fit_models, samples_of
from ._models_kinds import export_kind_model, fit_kind_model
from ._produce import chosen_plan, load_plan, produce
from ._report import evaluate as evaluate_models
from ._report import table as figures_table
from ._report_shape import write_html
from ._tool_scenes import write_tool_scenes

__all__ = [
    "NEAR_PLAN",
    "SCENE_ORDERS",
    "CloseUpPlan",
    "DataPlan",
    "Job",
    "SceneOrder",
    "chosen_plan",
    "evaluate_models",
    "export_fit",
    "export_kind_model",
    "figures_table",
    "fit_kind_model",
    "fit_models",
    "jobs",
    "load_plan",
    "produce",
    "produce_close_ups",
    "samples_of",
    "scene_of",
    "write_cards",
    "write_html",
    "write_scene",
    "write_tool_scenes",
]
