#!/usr/bin/env python3
"""The verdict of a soak passes a steady process and fails each kind of leak."""

import collections
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import verdict  # noqa: E402

BEGIN, END, COUNT = 300, 3600, 11


class VerdictTest(unittest.TestCase):
    def run_of(self, rss=lambda t: 100, ms=lambda t: 2, cpu=lambda t: 400, machine=lambda t: 1, noise=0.05, seed=1):
        dice, used, samples = random.Random(seed), 0, []
        for t in range(0, END, 5):
            used += cpu(t) * 10 * 5 / 1e6
            samples.append({"at": t, "rss": rss(t) + dice.uniform(-3, 3), "cpu": used, "work": machine(t) * dice.gauss(6, 0.2)})
        requests = {kind: [(t / 10, base(t / 10) * machine(t / 10) * dice.lognormvariate(0, noise))
                           for t in range(i, END * 10, 2)] for i, (kind, base) in
                    enumerate({"direct": lambda t: 20, "cached": ms}.items())}
        out = verdict.Verdict()
        out.memory(samples, BEGIN, END, COUNT)
        out.processor(samples, requests, BEGIN, END, COUNT)
        out.latency(requests, samples, BEGIN, END, COUNT)
        return out

    def failures(self, out):
        return [line for line in out.lines if line.startswith("FAILED")]

    def growing(self, first, last):
        return lambda t: first + (last - first) * max(0, t - BEGIN) / (END - BEGIN)

    def test_passes_what_is_steady(self):
        for seed in range(5):
            out = self.run_of(seed=seed)
            self.assertTrue(out.passed, out.lines)

    def test_fails_a_leak_of_memory(self):
        out = self.run_of(rss=self.growing(100, 110))
        self.assertEqual(1, len(self.failures(out)), out.lines)
        self.assertIn("MB", self.failures(out)[0])

    def test_fails_latency_that_creeps_up(self):
        self.assertIn("cached p50", self.failures(self.run_of(ms=self.growing(2, 2.5)))[0])

    def test_fails_requests_that_cost_more_and_more(self):
        self.assertIn("processor", self.failures(self.run_of(cpu=self.growing(400, 450)))[0])

    def test_does_not_blame_the_gateway_for_a_machine_that_became_slower(self):
        out = self.run_of(machine=self.growing(1, 1.4))
        self.assertTrue(out.passed, out.lines)

    def test_cannot_pass_growth_by_being_noisy(self):
        windows = iter([1, 2, 0.9, 1.8, 1, 2.2, 1, 1.7, 0.8, 2, 1.9] * 2)
        levels = [next(windows) for _ in range(22)]
        out = self.run_of(ms=lambda t: 2 * levels[min(10, int(max(0, t - BEGIN) / 300))])
        self.assertIn("differ too much", self.failures(out)[0])

    def test_fails_one_descriptor_or_thread_that_is_left(self):
        held = {"fds": collections.Counter(socket=9), "threads": collections.Counter(loop=2)}
        for key, name in (("fds", "socket"), ("threads", "worker")):
            out = verdict.Verdict()
            out.drained(held, {**held, key: held[key] + collections.Counter([name])})
            self.assertEqual(1, len(self.failures(out)), out.lines)
            self.assertIn(f"new: {name}", self.failures(out)[0])
        out = verdict.Verdict()
        out.drained(held, held)
        self.assertTrue(out.passed, out.lines)


if __name__ == "__main__":
    unittest.main()
