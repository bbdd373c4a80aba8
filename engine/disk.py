"""The only file that does the journal's file I/O; tests put a forgetful disk in its place."""

import fcntl
import os
import pathlib


class Disk:
    """The operating system's files.

    Open files are named by the numbers that opening them returned. Every method
    raises OSError.
    """

    def lock(self, directory: pathlib.Path) -> int:
        """Make the directory if it is missing, lock it until it is closed, return its number.

        Raises BlockingIOError where another one holds the lock.
        """
        _make(directory.absolute())
        file = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            raise
        return file

    def names(self, directory: pathlib.Path) -> list[str]:
        """Return the names in the directory, ascending."""
        return sorted(os.listdir(directory))

    def create(self, path: pathlib.Path) -> int:
        """Open a new, empty file. Raises FileExistsError."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)

    def open(self, path: pathlib.Path) -> int:
        """Open a file for reading and writing."""
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def size(self, path: pathlib.Path) -> int:
        """Return how many bytes a file has."""
        return path.stat().st_size

    def read(self, path: pathlib.Path, offset: int, size: int) -> bytes:
        """Return what stands in a file from `offset` on: `size` bytes, or fewer at its end."""
        with open(path, "rb", buffering=0) as file:
            file.seek(offset)
            return file.read(size)

    def allocate(self, file: int, size: int) -> None:
        """Reserve the file's first `size` bytes; new ones are zero."""
        os.posix_fallocate(file, 0, size)

    def truncate(self, file: int, size: int) -> None:
        """Cut the file to `size` bytes."""
        os.ftruncate(file, size)

    def write(self, file: int, offset: int, content: memoryview) -> int:
        """Write at `offset`; return how many bytes were written, which may be fewer."""
        return os.pwrite(file, content, offset)

    def sync(self, file: int) -> None:
        """Return once what was written to the file survives a loss of power."""
        os.fdatasync(file)

    def sync_directory(self, directory: int) -> None:
        """Return once the names in a locked directory survive a loss of power."""
        os.fsync(directory)

    def rename(self, path: pathlib.Path, name: str) -> None:
        """Give a file another name in its directory."""
        os.rename(path, path.with_name(name))

    def remove(self, path: pathlib.Path) -> None:
        """Remove a file."""
        os.remove(path)

    def close(self, file: int) -> None:
        """Give back a file's or a directory's number."""
        os.close(file)


def _make(directory: pathlib.Path) -> None:
    """Make a directory and those above it, so that their names survive a loss of power."""
    if directory.is_dir():
        return
    _make(directory.parent)
    directory.mkdir(exist_ok=True)
    above = os.open(directory.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(above)
    finally:
        os.close(above)
