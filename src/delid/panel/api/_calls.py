"""Collects the calls of one subject, each with its gate, and makes them routes of applications."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse
from starlette.routing import BaseRoute

from ..access import Role, Scope
from ._gate import REFUSALS, gate
from ._route import Route

PREFIX = "/api/v1"
F = TypeVar("F", bound=Callable[..., Any])


class Calls:
    """Calls under one tag; ``scope`` is what a token needs for them unless a call says otherwise."""

    def __init__(self, tag: str, scope: Scope) -> None:
        self._tag, self._scope = tag, scope
        self._calls: list[tuple[str, Callable[..., Any], dict[str, Any]]] = []

    def get(self, path: str, role: Role | None, answer: Any = None, **options: Any) -> Callable[[F], F]:
        """A reading call that answers with the model ``answer``."""
        return self._add("GET", path, role, answer, options)

    def post(self, path: str, role: Role | None, answer: Any = None, **options: Any) -> Callable[[F], F]:
        return self._add("POST", path, role, answer, options)

    def put(self, path: str, role: Role | None, answer: Any = None, **options: Any) -> Callable[[F], F]:
        return self._add("PUT", path, role, answer, options)

    def patch(self, path: str, role: Role | None, answer: Any = None, **options: Any) -> Callable[[F], F]:
        return self._add("PATCH", path, role, answer, options)

    def delete(self, path: str, role: Role | None, answer: Any = None, **options: Any) -> Callable[[F], F]:
        return self._add("DELETE", path, role, answer, options)

    def add_to(self, app: FastAPI) -> None:
        """All calls that have been collected; what a call needs of its panel it finds in the request's application."""
        app.router.routes.extend(self._routes)

    @cached_property
    def _routes(self) -> list[BaseRoute]:
        """Made once: the schemas of eighty calls cost half a second, and a process may have several panels."""
        router = APIRouter(prefix=PREFIX, route_class=Route)
        for path, endpoint, options in self._calls:
            router.add_api_route(path, endpoint, **options)
        return router.routes

    def _add(self, method: str, path: str, role: Role | None, answer: Any, options: dict[str, Any]) -> Callable[[F], F]:
        names = ("step_up", "calming", "keyed", "durable", "secret", "idle", "audited")
        needs = {name: options.pop(name) for name in names if name in options}
        extra = gate(role, options.pop("scope", self._scope), **needs) | options.pop("extra", {})
        options |= {
            "methods": [method],
            "tags": [self._tag],
            "response_model": answer,
            "openapi_extra": extra,
            "responses": REFUSALS | options.pop("answers", {}),
        }
        options.setdefault("response_class", JSONResponse)

        def add(endpoint: F) -> F:
            self._calls.append((path, endpoint, options))
            return endpoint

        return add
