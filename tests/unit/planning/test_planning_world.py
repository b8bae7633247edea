"""A plan, performed act by act on the simulated PLC's program without any wire, really takes the pack apart."""

import pytest
from planning_plans import plan_of, step

from delid.core import AskAct, CommandAct, MoveAct, State, WaitAct
from delid.sim.plc import Inputs, PlcLogic, load_site

SCAN_S, SPEED = 0.05, 10.0


class World:
    """Drives the PLC's program as the engine would: heartbeat, one command at a time, the flange where moves end."""

    def __init__(self, cell, scenario):
        site = load_site(scenario)
        self.map, self.logic = site.register_map, PlcLogic(site, speed=SPEED)
        self.packml = cell.packml_numbers[State.EXECUTE]
        self.now_s, self.beat, self.seq = 0.0, 0, 0
        self.logic.flange_mm = cell.spec.motion.park_mm
        self.scan()
        for name in ("reset_faults", "close_clamp", "start_extraction"):
            self.command(name, {})

    def scan(self):
        self.now_s, self.beat = self.now_s + SCAN_S, (self.beat + 1) % 65536
        control = self.map.control
        self.logic.write(control.address, [self.beat, self.packml, 0])
        self.logic.scan(self.now_s)

    def tag(self, name):
        spec = self.map.status.tags[name]
        raw = self.logic.status[spec.at - self.map.status.address]
        if spec.bit is not None:
            return bool(raw >> spec.bit & 1)
        return (raw - 65536 if spec.type == "int16" and raw > 32767 else raw) * spec.scale

    def command(self, name, params):
        block, code = self.map.command, self.map.commands[name].code
        words = [0] * block.count
        for param, value in params.items():
            words[block.tags[param].at - block.address] = round(value / block.tags[param].scale)
        self.seq += 1
        words[block.code_at - block.address], words[block.seq_at - block.address] = code, self.seq
        self.logic.write(block.address, words)
        for _ in range(1000):
            self.scan()
            if self.tag("done_seq") == self.seq:
                break
        assert self.tag("step_result") == self.map.results["done"], (name, self.map.errors.get(self.tag("error_code")))

    def wait(self, act):
        wanted = act.condition
        for _ in range(max(1, int(act.within_s / SCAN_S / SPEED))):
            self.scan()
            value = self.tag(wanted.tag)
            below = wanted.below is None or value < wanted.below
            above = wanted.above is None or value > wanted.above
            if below and above and wanted.equals in (None, value):
                return
        raise AssertionError(f"{wanted.describe()} never came true: {value}")

    def perform_all(self, acts):
        for act in acts:
            self.perform(act)

    def perform(self, act):
        if isinstance(act, MoveAct):
            self.logic.flange_mm = act.to_mm
            self.scan()
        elif isinstance(act, CommandAct):
            self.command(act.name, act.params)
        elif isinstance(act, WaitAct):
            self.wait(act)
        elif isinstance(act, AskAct):
            self.logic.apply(Inputs(disconnect_pulled=True))


@pytest.mark.parametrize("variant", ["standard", "damaged"])
@pytest.mark.parametrize(("pack", "bolts", "modules"), [
    ("vw-meb-82", 28, 12), ("nissan-leaf-24", 18, 3), ("byd-blade", 30, 0),
])  # fmt: skip
def test_a_plan_takes_the_simulated_pack_apart(cell, assessment, tmp_path, repository, pack, bolts, modules, variant):
    scenario = tmp_path / "s.yaml"
    scenario.write_text(f"cell: {repository}/cell_configs/cells/demo.yaml\npack: {pack}\n")
    world = World(cell, scenario)
    for done in plan_of(cell, assessment, f"{pack}/{variant}").steps:
        world.perform_all(done.acts)
    facts = world.logic.facts()
    assert len(facts.removed) == bolts
    assert not facts.lid_on
    assert len(facts.modules_out) == (modules if variant == "standard" else 0)


def test_the_alternative_frees_a_seized_bolt(cell, assessment, tmp_path, repository):
    scenario = tmp_path / "s.yaml"
    demo = f"{repository}/cell_configs/cells/demo.yaml"
    scenario.write_text(f"cell: {demo}\npack: vw-meb-82\nseized: [lid.11]\n")
    world = World(cell, scenario)
    plan = plan_of(cell, assessment, "vw-meb-82/standard")
    world.perform_all(step(plan, "lid_bolts/fit_tool").acts)
    bolt = step(plan, "lid_bolts/lid.11")
    with pytest.raises(AssertionError, match="seized"):
        world.perform_all(bolt.acts)
    world.perform_all(bolt.alternative)
    assert world.logic.facts().removed == ["lid.11"]
    assert world.tag("tool_number") == 1
