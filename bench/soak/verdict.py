"""Whether a process ended a soak as it began. Numbers in, rows and verdicts out; test_verdict.py proves that it can fail.

What it is given: samples under load {at, rss, cpu, work}, requests as {kind: [(at, ms)]}, and what the process held
when the load had stopped and the connections were gone, once after the first minutes and once after the last.
"""

import math
import statistics

# Growth of memory that is allowed: the larger of the two.
RSS_SHARE, RSS_MB = 0.05, 8
# Latencies may differ by three standard deviations of what neighbouring windows differ by, and by this in any case.
LEAST_SHARE, LEAST_MS = 0.05, 0.3
# A run in which that noise is above this cannot tell.
MOST_NOISE = {0.5: 0.25, 0.9: 0.5}


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def windows(pairs, begin, end, count):
    """Splits (at, value) pairs by time."""
    out = [[] for _ in range(count)]
    for at, value in pairs:
        if begin <= at < end:
            out[int((at - begin) * count / (end - begin))].append(value)
    return out


def noise(values):
    """The standard deviation of the logarithm of what neighbours differ by, without a trend that they share."""
    steps = [math.log(b / a) for a, b in zip(values, values[1:])]
    middle = statistics.median(steps)
    return 1.4826 * statistics.median(abs(step - middle) for step in steps)


class Verdict:
    def __init__(self):
        self.rows, self.lines, self.passed = [], [], True

    def say(self, good, text):
        self.lines.append(("passed: " if good else "FAILED: ") + text)
        self.passed = self.passed and bool(good)

    def memory(self, samples, begin, end, count):
        """Resident memory under load, the median of the first window beside that of the last."""
        first, *_, last = [statistics.median(w) for w in windows(((s["at"], s["rss"]) for s in samples), begin, end, count)]
        allowed = max(first * RSS_SHARE, RSS_MB)
        self.rows.append(["MB resident, median", f"{first:.1f}", f"{last:.1f}", f"{last / first:.2f}", f"+{allowed:.1f}"])
        self.say(last <= first + allowed, f"{first:.1f} MB at first, {last:.1f} MB at the end")

    def drained(self, first, last):
        """What is held without a client. Neither may grow, for nothing is in use."""
        for key, unit in (("fds", "file descriptors"), ("threads", "threads")):
            new = sorted((last[key] - first[key]).elements())
            a, b = first[key].total(), last[key].total()
            self.rows.append([f"{unit} when drained", a, b, f"{b / a:.2f}", "+0"])
            self.say(b <= a, f"{a} {unit} when drained at first, {b} at the end" + (f", new: {', '.join(new)}" if b > a else ""))

    def processor(self, samples, requests, begin, end, count):
        """Processor time a request. A list that is searched longer and longer shows here before it shows in latency."""
        costs = []
        for window, sent in zip(windows(((s["at"], s) for s in samples), begin, end, count),
                                windows(((at, 1) for pairs in requests.values() for at, _ in pairs), begin, end, count)):
            spans = (window[-1]["at"] - window[0]["at"]) * count / (end - begin)
            costs.append((window[-1]["cpu"] - window[0]["cpu"]) * 1e6 / (len(sent) * spans))
        self.compare("processor µs a request", costs, 0.5, "µs", 0)

    def latency(self, requests, samples, begin, end, count):
        computed = windows(((s["at"], s["work"]) for s in samples), begin, end, count)
        for share in MOST_NOISE:
            direct = [percentile(w, share) for w in windows(requests["direct"], begin, end, count)]
            work = [percentile(w, share) for w in computed]
            slower = [max(1, d / direct[0], w / work[0]) for d, w in zip(direct, work)]
            for name, values in (("direct calls", direct), ("computing", work)):
                self.rows.append([f"{name} p{share * 100:.0f}, ms", f"{values[0]:.1f}", f"{values[-1]:.1f}",
                                  f"{values[-1] / values[0]:.2f}", ""])
            for kind in requests:
                # One that leaves has no end, and the direct ones never meet the gateway.
                if kind not in ("direct", "left"):
                    values = [percentile(w, share) for w in windows(requests[kind], begin, end, count)]
                    self.compare(f"{kind} p{share * 100:.0f}", [v / s for v, s in zip(values, slower)], share, "ms", LEAST_MS)

    def compare(self, name, values, share, unit, least):
        first, last, sigma = values[0], values[-1], noise(values)
        allowed = max(3 * sigma, LEAST_SHARE)
        within = last <= max(first * math.exp(allowed), first + least)
        self.rows.append([f"{name}, {unit}", f"{first:.1f}", f"{last:.1f}", f"{last / first:.2f}", f"x{math.exp(allowed):.2f}"])
        if allowed > MOST_NOISE[share] and not last <= first * (1 + LEAST_SHARE):
            self.say(False, f"{name} {first:.1f} {unit} at first, {last:.1f} at the end, "
                            f"and neighbouring windows differ too much to say whether that means anything")
        else:
            self.say(within, f"{name} {first:.1f} {unit} at first, {last:.1f} at the end")
