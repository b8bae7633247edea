"""The simulated cameras."""

from ._closeup import CloseupCamera
from ._scene import Scene, SceneCamera, SceneFastener

__all__ = ["CloseupCamera", "Scene", "SceneCamera", "SceneFastener"]
