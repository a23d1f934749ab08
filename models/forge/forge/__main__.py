"""The command line of the forge: `python -m forge STEP --size SIZE`."""

import argparse
import json
import sys
from pathlib import Path

from .sizes import SIZES

DEFAULT_DATA = Path("data-sources")


def main(argv: list[str] | None = None) -> int:
    from . import steps

    parser = argparse.ArgumentParser(prog="forge", description=__doc__)
    parser.add_argument("step", choices=sorted(steps.STEPS) + ["all"])
    parser.add_argument("--size", choices=sorted(SIZES), default="smoke")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder with train/ and eval/")
    parser.add_argument("--work", type=Path, default=Path("build"), help="folder for everything that is made")
    parser.add_argument("--student", default="nano", help="which student shape of the size")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto")
    steps.add_options(parser)
    options = parser.parse_args(argv)
    try:
        result = steps.run(options)
    except steps.FAILURES as e:
        print(f"forge {options.step}: {e}", file=sys.stderr)
        return 1
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
