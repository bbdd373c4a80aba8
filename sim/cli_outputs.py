"""Where a command may write: asked before it computes anything, so that nothing is half-written."""

import pathlib

PICTURES = (".png", ".svg", ".pdf")


def check_outputs(
    *files: pathlib.Path | None, pictures: tuple[pathlib.Path | None, ...] = ()
) -> None:
    """Raise ValueError where a file cannot be written there, or is no picture that can be drawn."""
    for path in (*files, *pictures):
        if path and (path.is_dir() or not path.parent.is_dir()):
            raise ValueError(f"{path} cannot be written: {_why(path)}")
    for path in pictures:
        if path and path.suffix.lower() not in PICTURES:
            raise ValueError(f"{path} is no picture: its name has to end in {', '.join(PICTURES)}")


def _why(path: pathlib.Path) -> str:
    return "it is a folder" if path.is_dir() else f"there is no folder {path.parent}"
