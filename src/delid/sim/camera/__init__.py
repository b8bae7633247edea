"""The simulated camera."""

from ._scene import Scene, SceneCamera, SceneFastener

__all__ = ["Scene", "SceneCamera", "SceneFastener"]
