"""What one command costs: time on the clock, time of all cores, memory.

The command runs as the child of a small process of its own: Linux counts the memory of the process that
starts a program as that program's.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Seconds on the clock, seconds of all cores together, and the most memory held at once in megabytes."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def run(command: Sequence[str | Path], environment: Mapping[str, str]) -> Usage:
    """Run `command`, with `environment` added to ours, and return what it cost; it must succeed."""
    launcher = [sys.executable, str(Path(__file__)), *map(str, command)]
    done = subprocess.run(launcher, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stderr}")
    return Usage(**json.loads(done.stdout.splitlines()[-1]))


def shenqu(*arguments: str | Path, cache: Path) -> Usage:
    """Run the shenqu command in a process of its own, with its memory between runs in `cache`."""
    return run([sys.executable, "-m", "shenqu", *arguments], {"SHENQU_CACHE": str(cache)})


def _main() -> int:
    start = time.perf_counter()
    code = subprocess.run(sys.argv[1:], stdout=sys.stderr, check=False).returncode
    wall_s = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak_kb = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    print(json.dumps(asdict(Usage(wall_s=wall_s, cpu_s=used.ru_utime + used.ru_stime, peak_mb=peak_kb / 1024))))
    return code


if __name__ == "__main__":
    sys.exit(_main())
