"""What every suite shares: processes on free ports, the machine's description, medians, and the results file."""

import contextlib
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results"


def free_port():
    with contextlib.closing(socket.socket()) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def java():
    for home in [os.environ.get("JAVA_HOME", "")] + sorted(map(str, pathlib.Path("/usr/lib/jvm").glob("*25*"))):
        candidate = pathlib.Path(home) / "bin" / "java"
        if home and candidate.exists() and ' "25' in subprocess.run(
            [candidate, "-version"], capture_output=True, text=True
        ).stderr:
            return str(candidate)
    raise SystemExit("bench: no JDK 25 found; set JAVA_HOME")


def test_classpath():
    """The test class path: the fake cloud and the load generator live among the tests."""
    cache = ROOT / "target" / "bench-classpath"
    pom = ROOT / "pom.xml"
    if not cache.exists() or cache.stat().st_mtime < pom.stat().st_mtime:
        env = dict(os.environ, JAVA_HOME=str(pathlib.Path(java()).parents[1]))
        subprocess.run(["mvn", "-q", "-B", "test-compile"], cwd=ROOT, check=True, env=env)
        subprocess.run(
            ["mvn", "-q", "-B", "dependency:build-classpath", "-Dmdep.includeScope=test", f"-Dmdep.outputFile={cache}"],
            cwd=ROOT, check=True, env=env)
        # The plugin leaves an unchanged file untouched, and its age decides whether Maven runs again.
        cache.touch()
    return f"{ROOT}/target/test-classes:{ROOT}/target/classes:{cache.read_text()}"


def wait_http(url, seconds=60, process=None):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"the process behind {url} ended with {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"nothing answers at {url}")


def http_status(url):
    """The status of a reply, or None where nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return reply.status
    except urllib.error.HTTPError as e:
        return e.code
    except OSError:
        return None


class Processes(contextlib.ExitStack):
    """Child processes that end with the suite, whatever happens."""

    def start(self, name, command, env=None, cwd=None):
        RESULTS.mkdir(parents=True, exist_ok=True)
        log = open(RESULTS / f"{name}.log", "wb")
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env=dict(os.environ, **(env or {})), cwd=cwd or ROOT,
            start_new_session=True)
        self.callback(stop, process)
        return process


def stop(process):
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def group(pid):
    """A process and its descendants."""
    children = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rsplit(")", 1)[1].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    out, todo = [], [pid]
    while todo:
        at = todo.pop()
        out.append(at)
        todo += children.get(at, [])
    return out


def rss_mb(pid):
    total = 0
    for each in group(pid):
        with contextlib.suppress(OSError):
            total += int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{each}/status").read_text())[1])
    return total / 1024


def cpu_seconds(pid):
    total = 0
    for each in group(pid):
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def instructions():
    """The widest vector instructions of this processor that the model runtimes use, or nothing on others than x86."""
    flags = re.search(r"^flags\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    have = set(flags[1].split()) if flags else set()
    names = {"avx512_vnni": "AVX-512 VNNI", "avx_vnni": "AVX VNNI", "avx512f": "AVX-512", "avx2": "AVX2"}
    return next((name for flag, name in names.items() if flag in have), "")


def machine():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    simd = instructions()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "cpu": (cpu[1].strip() if cpu else platform.processor()) + (f" with {simd}" if simd else ""),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "load": " ".join(f"{x:.2f}" for x in os.getloadavg()),
        "commit": commit.stdout.strip(),
    }


def loads(runs, prefix=()):
    """Runs the Java load generator with each of these sets of options, and returns their reports."""
    arguments = []
    for options in runs:
        arguments += ["next"] * bool(arguments) + [f"{name.replace('_', '-')}={value}" for name, value in options.items()]
    out = subprocess.run(
        [*prefix, java(), "-Xmx512m", "-XX:+UseSerialGC", "-cp", test_classpath(), "io.edgeway.bench.Load", *arguments],
        capture_output=True, text=True, timeout=1800)
    reports = [json.loads(line) for line in out.stdout.splitlines() if line.startswith("{")]
    if len(reports) != len(runs):
        raise RuntimeError(f"the load generator failed: {out.stderr[-2000:]}")
    return reports


def median(values):
    return statistics.median(values) if values else float("nan")


def spread(values):
    return f"{min(values):.0f}..{max(values):.0f}" if values else ""


def have(command):
    return shutil.which(command) is not None


def report(suite, command, tables, notes=(), keep=True):
    """Writes JSON beside the logs and replaces the suite's section of docs/benchmarks.md, or only prints it."""
    about = machine()
    if keep:
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{suite}.json").write_text(json.dumps({"machine": about, "tables": tables}, indent=1))
    text = [f"## {suite}", "", f"`{command}`, {about['date']}, commit {about['commit']}, {about['cores']} cores of "
            f"{about['cpu']}, Linux {about['kernel']}, load average at the end {about['load']}.", ""]
    for title, head, rows in tables:
        if title:
            text += [f"**{title}**", ""]
        text += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        text += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows] + [""]
    text += list(notes) + ([""] if notes else [])
    section = "\n".join(text)
    print(section)
    if not keep:
        return
    path = ROOT / "docs" / "benchmarks.md"
    old = path.read_text() if path.exists() else "# Benchmarks\n\nEach section is written by the command it names.\n\n"
    pattern = re.compile(rf"^## {re.escape(suite)}\n.*?(?=^## |\Z)", re.S | re.M)
    new = pattern.sub(lambda _: section + "\n", old) if pattern.search(old) else old.rstrip() + "\n\n" + section + "\n"
    path.write_text(new)
