"""The scenes on pages of the documentation come out as they say."""

import pathlib
import re

import pytest

from engine.scene import play

ROOT = pathlib.Path(__file__).parent.parent
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md"))
BLOCK = re.compile(r"^```\n(@instrument.*?)^```", re.MULTILINE | re.DOTALL)
FOUND = [(page, scene) for page in PAGES for scene in BLOCK.findall((ROOT / page).read_text())]


def test_there_are_scenes_to_play() -> None:
    assert len(FOUND) >= 4


@pytest.mark.parametrize(
    ("page", "scene"), FOUND, ids=[f"{page}-{place}" for place, (page, _) in enumerate(FOUND)]
)
def test_scene_of_a_page(page: str, scene: str) -> None:
    assert play(scene) == []
