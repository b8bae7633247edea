"""``delid packs``: what the commands print and write, and their exit codes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import vision_kit as kit
from click.testing import Result
from typer.testing import CliRunner

from delid.cli.packs import packs_app

Run = Callable[..., Result]
VIOLET: kit.Colour = (200, 60, 200)


def run(*arguments: object, stdin: str = "") -> Result:
    return CliRunner().invoke(packs_app, [str(a) for a in arguments], input=stdin)


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six good photographs of a violet pack."""
    folder = tmp_path_factory.mktemp("shots")
    for seed in range(6):
        (folder / f"lid-{seed}.jpg").write_bytes(kit.jpeg(kit.picture((200, 58 + seed, 200), (320, 240), seed)))
    return folder


@pytest.fixture
def own(gallery: Path, tmp_path: Path) -> Path:
    """A gallery that may be changed."""
    return Path(shutil.copytree(gallery, tmp_path / "gallery"))


@pytest.fixture
def options(models: Path, own: Path) -> list[object]:
    return ["--models", models, "--gallery", own]


@pytest.fixture
def cell_file(tmp_path: Path, repository: Path, models: Path, own: Path) -> Path:
    """A cell of three packs: reading more only takes time."""
    path = kit.write_cell(tmp_path, repository, models, own)
    data = json.loads(path.read_text())
    wanted = ("vw-meb-82", "byd-blade", "renault-zoe-40")
    path.write_text(json.dumps(data | {"packs": [p for p in data["packs"] if Path(p).stem in wanted]}))
    return path


def test_teach_writes_the_pack_and_reports_the_confusion(shots: Path, options: list[object], own: Path) -> None:
    dry = run("teach", "new-pack", "--photos", shots, *options, "--dry-run")
    assert (dry.exit_code, dry.output.splitlines()[-1]) == (0, "nothing was written (dry run)")
    assert not (own / "new-pack.json").exists()
    result = run("teach", "new-pack", "--photos", shots, *options, "--by", "A. Tester", "--json")
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert (said["ok"], said["written"], said["kept"]) == (True, str(own / "new-pack.json"), None)
    assert said["objections"] == said["overruled"] == said["notes"] == []
    assert [row["pack"] for row in said["confusion"]] == ["byd-blade", "new-pack", "nissan-leaf-24", "vw-meb-82"]
    assert said["confusion"][1]["judged"] == {"new-pack": 6}
    assert said["photos"][0].keys() == {"picture", "own", "other", "other_score", "judged"}
    content = json.loads((own / "new-pack.json").read_text())
    assert (content["version"], content["provenance"]["taught_by"]) == (2, "A. Tester")
    assert content["threshold"] == said["threshold"]


def test_a_bad_set_writes_nothing_and_says_what_to_do(
    shots: Path, options: list[object], own: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(shots, tmp_path / "set")
    shutil.copy(shots / "lid-2.jpg", folder / "lid-9.jpg")
    (folder / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    result = run("teach", "new-pack", "--photos", folder, *options)
    assert result.exit_code == 1
    assert "in the way: too_alike: lid-9.jpg: is the same file as lid-2.jpg. Take one of the two out" in result.output
    assert "in the way: unreadable: cut.png: " in result.output
    assert result.output.splitlines()[-1] == "nothing was written"
    assert not (own / "new-pack.json").exists()
    left_out = run("teach", "new-pack", "--photos", folder, *options, "--leave-out")
    assert left_out.exit_code == 0
    assert "overruled: too_alike: lid-9.jpg" in left_out.output
    assert json.loads((own / "new-pack.json").read_text())["provenance"]["notes"][0].startswith("cut.png left out")


def test_a_pack_too_near_a_known_one_is_refused_unless_a_person_overrules_it(
    options: list[object], tmp_path: Path, own: Path
) -> None:
    folder = tmp_path / "grey"
    folder.mkdir()
    for seed in range(5):
        (folder / f"{seed}.jpg").write_bytes(kit.jpeg(kit.picture((150, 148 + seed, 150), (320, 240), seed)))
    result = run("teach", "twin", "--photos", folder, *options, "--json")
    assert result.exit_code == 1
    first = json.loads(result.stdout)["objections"][0]
    assert (first["code"], first["photo"]) == ("near_pack", "0.jpg")
    assert "vw-meb-82" in first["words"]
    assert first["advice"].startswith("Check that it is not the same pack model")
    assert not (own / "twin.json").exists()
    accepted = run("teach", "twin", "--photos", folder, *options, "--accept", "near_pack")
    assert (accepted.exit_code, (own / "twin.json").exists()) == (0, True)


def test_a_pack_is_taught_anew_only_when_asked(shots: Path, options: list[object], own: Path) -> None:
    assert run("teach", "new-pack", "--photos", shots, *options).exit_code == 0
    again = run("teach", "new-pack", "--photos", shots, *options)
    assert again.exit_code == 2
    assert "--replace" in again.output
    replaced = run("teach", "new-pack", "--photos", shots, *options, "--replace", "--json")
    assert replaced.exit_code == 0
    assert Path(json.loads(replaced.stdout)["kept"]).parent == own / "removed"


def test_packs_of_another_model_are_named_and_left_out(shots: Path, options: list[object], own: Path) -> None:
    other = json.loads((own / "vw-meb-82.json").read_text()) | {"model_sha256": "cd" * 32}
    (own / "vw-meb-82.json").write_text(json.dumps(other))
    result = run("teach", "new-pack", "--photos", shots, *options)
    assert result.exit_code == 0
    assert "note: not compared with vw-meb-82: taught with another model" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("New Pack", "--photos", "{shots}"), "no name for a pack"),
        (("new-pack", "--photos", "{shots}/none"), "no such folder"),
        (("new-pack", "--photos", "{shots}", "--accept", "too_few"), "--accept too_few is not possible"),
        (("new-pack", "--photos", "{shots}", "--pack-file", "{packs}/byd-blade.yaml"), "describes byd-blade"),
        (("new-pack", "--photos", "{shots}", "--cell", "cell.yaml"), "either --cell or --models"),
    ],
)
def test_wrong_use_is_said(
    arguments: tuple[str, ...], words: str, shots: Path, options: list[object], repository: Path
) -> None:
    filled = [a.format(shots=shots, packs=repository / "cell_configs/packs") for a in arguments]
    result = run("teach", *filled, *options)
    assert result.exit_code == 2
    assert words in result.output


def test_a_model_that_is_not_there_is_a_fault(shots: Path, own: Path, tmp_path: Path) -> None:
    result = run("teach", "new-pack", "--photos", shots, "--models", tmp_path, "--gallery", own)
    assert result.exit_code == 3
    assert "model.missing" in result.output
    assert run("teach", "new-pack", "--photos", shots, "--models", tmp_path).exit_code == 2


def test_list_and_show_tell_what_is_taught(shots: Path, cell_file: Path, own: Path, repository: Path) -> None:
    pack_file = repository / "cell_configs/packs/renault-zoe-40.yaml"
    assert "taught      no" in run("show", "renault-zoe-40", "--cell", cell_file).output
    assert "any/quarantine; not taught\n" in run("list", "--cell", cell_file).output
    taught = run("teach", "renault-zoe-40", "--photos", shots, "--cell", cell_file, "--pack-file", pack_file)
    assert taught.exit_code == 0
    assert "note:" not in taught.output
    strange = run("teach", "violet", "--photos", shots, "--cell", cell_file, "--accept", "near_pack",
                  "--accept", "disturbs", "--by", "A. Tester")  # fmt: skip
    assert "no recipe can be planned" in strange.output
    (own / "byd-blade.json").write_text("{")
    listed = run("list", "--cell", cell_file).output
    assert "any/quarantine; taught from 1 prototype\n" in listed
    assert "any/quarantine; gallery file broken: " in listed
    assert "violet             no pack file in this cell; taught from 6 prototypes" in listed
    rows = {row["pack"]: row["taught"] for row in json.loads(run("list", "--cell", cell_file, "--json").stdout)}
    assert (rows["renault-zoe-40"]["state"], rows["renault-zoe-40"]["prototypes"]) == ("ready", 6)
    assert rows["renault-zoe-40"]["provenance"]["pack_file"]["file"] == "renault-zoe-40.yaml"
    assert rows["byd-blade"]["state"] == "broken"
    shown = run("show", "violet", "--cell", cell_file).output
    assert "by A. Tester from photographs, with tiny-pack-damage 0" in shown
    assert "picture     lid-0.jpg (" in shown
    assert "near_pack: scores 1.00 against renault-zoe-40" in shown
    assert "lesson      made for tests" in run("show", "vw-meb-82", "--cell", cell_file).output


def test_the_list_needs_no_model(cell_file: Path, models: Path, tmp_path: Path) -> None:
    text = cell_file.read_text().replace(str(models / "pack-damage"), str(tmp_path / "none"))
    cell_file.write_text(text)
    listed = run("list", "--cell", cell_file)
    assert listed.exit_code == 0
    assert "there is no model at" in listed.output


def test_remove_asks_first_and_keeps_the_file(cell_file: Path, own: Path) -> None:
    assert run("remove", "vw-meb-82", "--cell", cell_file, stdin="n\n").exit_code == 1
    assert (own / "vw-meb-82.json").exists()
    assert run("remove", "vw-meb-82", "--cell", cell_file, "--json").exit_code == 2
    removed = run("remove", "vw-meb-82", "--cell", cell_file, "--json", "--yes")
    assert removed.exit_code == 0
    kept = Path(json.loads(removed.stdout)["kept"])
    assert (kept.exists(), (own / "vw-meb-82.json").exists()) == (True, False)
    gone = run("remove", "vw-meb-82", "--gallery", own, "--yes")
    assert gone.exit_code == 2
    assert "is not in the gallery" in gone.output
    asked = run("remove", "byd-blade", "--gallery", own, stdin="y\n")
    assert (asked.exit_code, (own / "byd-blade.json").exists()) == (0, False)
