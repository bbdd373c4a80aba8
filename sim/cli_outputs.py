"""Where a command may write: asked before it computes anything, so that nothing is half-written."""

import pathlib

PICTURES = (".png", ".svg", ".pdf")


_Paths = tuple[pathlib.Path | None, ...]


def check_outputs(*files: pathlib.Path | None, pictures: _Paths = (), inputs: _Paths = ()) -> None:
    """Raise ValueError where a file cannot be written there, or is no picture that can be drawn.

    And where one would be written over another, or over what is read.
    """
    taken = {path.resolve() for path in inputs if path}
    for path in (*files, *pictures):
        if path and path.resolve() in taken:
            raise ValueError(f"{path} cannot be written: this command reads or writes it already")
        if path:
            taken.add(path.resolve())
        if path and (path.is_dir() or not path.parent.is_dir()):
            raise ValueError(f"{path} cannot be written: {_why(path)}")
    for path in pictures:
        if path and path.suffix.lower() not in PICTURES:
            raise ValueError(f"{path} is no picture: its name has to end in {', '.join(PICTURES)}")


def _why(path: pathlib.Path) -> str:
    return "it is a folder" if path.is_dir() else f"there is no folder {path.parent}"
