"""What a format cannot carry of a capture, in words: whoever converts one is told."""

from collections import Counter

from replay.capture.exchange import Capture

#: A wall clock that drifts by less than this goes with the steady one, in seconds.
_SLACK = 0.05


class Losses:
    """What gets lost while a capture is written, in the order in which it was noticed, and how often."""

    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self._counts: Counter[str] = Counter()

    def count(self, what: str, times: int = 1) -> None:
        """Notes a loss, `times` times; nothing where that is 0."""
        if times:
            self._counts[what] += times

    def said(self) -> list[str]:
        """The losses, one a line, with their number where there are more than one of a kind."""
        return [what if count == 1 else f"{what} ({count} times)" for what, count in self._counts.items()]

    def of_recording(self, form: str) -> None:
        """What no format but the journal carries: connections, marks, damage, certificates, and when the recorder was watching."""
        capture = self.capture
        on_requests = {exchange.made_on for exchange in capture.exchanges}
        silent = [made for made in capture.connections if made.key not in on_requests]
        self.count(f"connections without a request: {form} has none", len(silent))
        self.count(f"requests that broke off before they were read: {form} has none", len(capture.broken_off))
        self.count(f"marks: {form} has none", len(capture.notes))
        self.count(
            "records that could not be read: the copy does not show that they are missing",
            sum(trouble.kind == "cut" for trouble in capture.troubles),
        )
        certificates = sum(1 for each in capture.exchanges if each.client_cert or each.server_saw)
        self.count("certificates, of which only names and digests are known", certificates)
        light = sum(each.light for each in capture.exchanges)
        self.count("that the recorder kept neither body nor all headers of an exchange which is not OMA DM", light)
        self._of_time(form)

    def _of_time(self, form: str) -> None:
        capture = self.capture
        if not capture.stretches:
            if capture.exchanges:
                self.count("times: there are none, and what is written is made up (1970, microseconds apart)")
            return
        if any(abs((each.wall - each.clock) - self._offset) > _SLACK for each in capture.anchors):
            self.count("that the wall clock was set: times are those of the steady clock")
        if not capture.says_when_watching:
            return
        end = capture.stretches[-1].end
        last = max((each.ended[1].clock for each in capture.exchanges if each.ended[1]), default=None)
        until = "" if last is None else f" until {end.clock - last:.1f} s after the last exchange;"
        self.count(f"when the recorder was watching:{until} to judge the copy alike, give `--until {end.clock:.6f}`")
        self.count("gaps in which the recorder was not watching", len(capture.stretches) - 1)

    @property
    def _offset(self) -> float:
        anchors = self.capture.anchors
        return anchors[0].wall - anchors[0].clock if anchors else 0.0
