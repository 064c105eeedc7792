"""The recording jobs of the worker."""

from __future__ import annotations

from recording.cleaner import Cleaner
from recording.finisher import Finisher
from recording.live_pictures import LivePictures
from recording.recorder import Recorder
from worker.job import Job


def recording_jobs() -> list[Job]:
    return [Recorder(), Finisher(), Cleaner(), LivePictures()]
