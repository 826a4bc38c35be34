"""What becomes of checkpoints that the search needs no more."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Literal

from ..answers import Candidate
from ..blocking import Session

Checkpoints = Literal["all", "needed"]


def delete_unneeded(session: Session, candidate: Candidate, trials: Path) -> None:
    """Deletes the checkpoints of a candidate from which it would not be resumed, and which are not the trained
    candidate. Only what lies in `trials`, the launcher's own folder: other paths are the training script's affair."""
    found = [checkpoint for trial in session.trials(limit=10_000).trials if trial.candidate == candidate
             for checkpoint in trial.checkpoints]
    kept = {checkpoint.checkpoint for checkpoint in found if checkpoint.needed}
    for path in (Path(one.checkpoint) for one in found
                 if isinstance(one.checkpoint, str) and one.checkpoint not in kept):
        # The first folder below `trials` is a trial's, which has its log and records, too.
        if path.resolve().is_relative_to(trials) and len(path.resolve().relative_to(trials).parts) > 1:
            _delete(path)


def _delete(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        warnings.warn(f"the checkpoint {path} is needed no more and cannot be deleted: {error}", stacklevel=2)
