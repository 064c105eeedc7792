"""What the end of a gRPC stream means, pure: the join is tried again, or the session is lost."""

from __future__ import annotations

from dataclasses import dataclass

from sfu_relay.messages import End, SfuComplaint

MAX_RECONNECT_DELAY_SECS = 0.3
COMPLAINT_SECS = 2.0


@dataclass(frozen=True, slots=True)
class TryAgain:
    delay_secs: float


@dataclass(frozen=True, slots=True)
class Loss:
    code: str
    detail: str


class StreamEnds:
    def __init__(self) -> None:
        self.attempt = 0  # of the join, counted where a race was lost
        self.unreachable = False  # no node has taken a stream yet
        self.reconnects = 0
        self._complaint: SfuComplaint | None = None  # the last, and when: an end in order that
        self._complained_at = 0.0  # follows within 2 s is for it

    def got_complaint(self, complaint: SfuComplaint, now: float) -> None:
        self._complaint, self._complained_at = complaint, now

    def got_end(self, end: End, detail: str, *, joining: bool, now: float) -> TryAgain | Loss:
        complaint = self._complaint
        if complaint is not None and now - self._complained_at > COMPLAINT_SECS:
            complaint = None
        match end:
            case End.UNAVAILABLE | End.CLEAN if joining and complaint is None:
                self.unreachable = True
                self.reconnects += 1
                return TryAgain(min(0.1 * self.reconnects, MAX_RECONNECT_DELAY_SECS))
            case End.RACE if joining and self.attempt == 0:
                self.attempt += 1
                return TryAgain(0.0)
            case End.CLEAN if complaint is not None:
                code = "answer_timeout" if complaint.code == 408 else "sfu_refused"
                return Loss(code, f"The media server: {complaint.reason}")
            case End.UNAVAILABLE | End.CLEAN:
                return Loss("sfu_restarted", "The media server restarted.")
            case End.OVERFLOW:
                return Loss("sfu_timeout", "The media server does not keep up.")
            case End.RACE | End.REFUSED:
                return Loss("sfu_refused", f"The media server ended the session: {detail}")
