"""Homed, in the mode manual, and a finger."""

from __future__ import annotations

import dataclasses

from harness import RULES, World, bolt_step, plan_of

from delid.core import Command, JogHeld, JogPressed, Mode, ModeSelected, State, TagsRead
from delid.engine import EngineState

LIMITS = {"x": (0.0, 2400.0), "y": (0.0, 1900.0), "z": (-600.0, 0.0)}
JOG_RULES = dataclasses.replace(RULES, can_jog=True, limits_mm=LIMITS, jog_feed_mm_s=40.0, jog_hold_s=0.3)


def manual(rules=JOG_RULES, answer=lambda effect, world: None, pose_mm=(100.0, 200.0, -50.0), start=True) -> World:
    """Homed, in the mode manual and, with ``start``, in Execute."""
    world = World(plan_of(bolt_step(1)), answer=answer)
    world.state = EngineState(rules=rules, now_s=0.0)
    world.connect()
    world.feed(ModeSelected(0.0, Mode.MANUAL, "test"))
    world.command(Command.RESET)
    world.feed(dataclasses.replace(world.report(), pose_mm=pose_mm))
    if start:
        world.command(Command.START)
        assert world.packml is State.EXECUTE, world.records("command")
    return world


def press(world: World, name="p1", axis="x", forward=True, feed_mm_s=None, by="Ann") -> dict:
    world.feed(JogPressed(world.now, name, axis, forward, by, feed_mm_s))
    return world.records("jog")[-1]


def hold(world: World, for_s: float, name="p1", every_s=0.1) -> None:
    """Signals as a client sends them."""
    for _ in range(round(for_s / every_s)):
        at_s = world.now + every_s
        world.feed(TagsRead(at_s, dict(world.tags)))
        world.feed(JogHeld(at_s, name))


def ends(world: World) -> list[str]:
    return [r["cause"] for r in world.records("jog_end")]


def jogging(answer=lambda effect, world: None) -> World:
    world = manual(answer=answer)
    press(world)
    hold(world, 0.2)
    return world
