"""The scenes on pages of the documentation come out as they say; their commands are commands."""

import itertools
import pathlib
import re
import shlex
from typing import Any

import pytest
import typer

from engine.scene import play
from sim.cli import app

ROOT = pathlib.Path(__file__).parent.parent
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md"))
BLOCK = re.compile(r"^```\n(@instrument.*?)^```", re.MULTILINE | re.DOTALL)
EVERY = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("[!.]*/**/*.md"))]
FENCE = re.compile(r"^```[a-z]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?cfx (.+)$", re.MULTILINE)
COMMANDS = [
    (path.relative_to(ROOT).as_posix(), line)
    for path in EVERY
    for block in FENCE.findall(path.read_text())
    for line in COMMAND.findall(block)
]
FOUND = [(page, scene) for page in PAGES for scene in BLOCK.findall((ROOT / page).read_text())]


def test_there_are_scenes_to_play() -> None:
    assert len(FOUND) >= 4


@pytest.mark.parametrize(
    ("page", "scene"), FOUND, ids=[f"{page}-{place}" for place, (page, _) in enumerate(FOUND)]
)
def test_scene_of_a_page(page: str, scene: str) -> None:
    assert play(scene) == []


def understood(line: str) -> dict[str, Any]:
    """Return what a command line gives each argument and option. Raises as a shell would see it.

    Words that are for the shell, and what follows them, are left out.
    """
    words = itertools.takewhile(lambda word: word not in {"&", ">", "|"}, shlex.split(line, True))
    command: Any = typer.main.get_command(app)
    left = list(words)
    while hasattr(command, "commands"):
        command = command.commands[left.pop(0)]
    given: dict[str, Any] = command.make_context(command.name, left).params
    return given


def test_a_command_that_does_not_exist_is_seen() -> None:
    assert understood("verify runs/seven # a comment") == {
        "folder": pathlib.Path("runs/seven"),
        "recompute": False,
    }
    with pytest.raises(KeyError):
        understood("verifi runs/seven")
    for wrong in ("verify", "run demo --days none"):
        with pytest.raises(typer.BadParameter):
            understood(wrong)


def test_there_are_commands_to_read() -> None:
    assert len(COMMANDS) >= 30


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_a_command_of_a_page_is_one_that_the_shell_takes(page: str, line: str) -> None:
    assert understood(line), page
