"""What becomes of checkpoints that the search needs no more."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from ..answers import Candidate
from ..blocking import Session

Checkpoints = Literal["all", "needed"]


def delete_unneeded(session: Session, candidate: Candidate, trials: Path, resumed: Iterable[Any] = ()) -> None:
    """Deletes the checkpoints of a candidate from which it would not be resumed, and which are not the trained
    candidate. Only what lies in `trials`, the launcher's own folder: other paths are the training script's affair.
    `resumed` are those from which trials go on now.

    A checkpoint stays while it shares files with one that is needed, of any candidate: where either holds the other,
    or both are names of the same. It goes when the search needs neither and another trial of its candidate ends."""
    known = [(trial.candidate, one) for trial in session.trials(limit=10_000).trials for one in trial.checkpoints]
    kept = set[Path]()
    for needed in (*(one.checkpoint for _, one in known if one.needed), *resumed):
        if isinstance(needed, str):
            kept |= _places(Path(needed))
    for owner, one in known:
        if owner != candidate or one.needed or not isinstance(one.checkpoint, str):
            continue
        path = Path(one.checkpoint)
        place = path.resolve()
        # The first folder below `trials` is a trial's, which has its log and records, too.
        if place.is_relative_to(trials) and len(place.relative_to(trials).parts) > 1 and not any(
                place.is_relative_to(other) or other.is_relative_to(place) for other in kept):
            _delete(path if path.is_symlink() else place)


def _places(path: Path) -> set[Path]:
    """Where a checkpoint lies, and each symbolic link on the way there, without which it cannot be found."""
    whole = path.absolute()
    links = (one.parent.resolve() / one.name for one in (whole, *whole.parents) if one.is_symlink())
    return {path.resolve(), *links}


def _delete(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        warnings.warn(f"the checkpoint {path} is needed no more and cannot be deleted: {error}", stacklevel=2)
