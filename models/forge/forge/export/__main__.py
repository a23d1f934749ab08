"""The command line of the exporter."""

import argparse
import sys
from pathlib import Path

from . import ExportError, export
from .linear import SCHEMES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m forge.export", description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="a Hugging Face directory: config, safetensors, tokenizer")
    parser.add_argument("target", type=Path, help="the edgeway model directory to write")
    parser.add_argument("--quant", choices=SCHEMES, default="int8", help="int7 is int8 for processors without VNNI")
    parser.add_argument("--block", type=int, default=32, help="weights per scale, int4 only: 16, 32, 64 or 128; fewer are more exact, more are faster")
    parser.add_argument("--head", choices=SCHEMES, help="scheme of embedding and head, if another one")
    parser.add_argument("--context", type=int, help="longest sequence; default: the model's, at most 8192")
    args = parser.parse_args()
    try:
        files = export(args.checkpoint, args.target, args.quant, args.block, args.head, args.context)
    except ExportError as e:
        print(f"forge.export: {e}", file=sys.stderr)
        return 1
    for name, size in files:
        print(f"{size:12,d}  {args.target / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
