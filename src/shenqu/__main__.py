"""`python -m shenqu` is `shenqu`."""

import sys


def main() -> None:
    """Run the command line and exit with its code; Ctrl-C while it still loads is an answer too."""
    try:
        from shenqu.cli import run  # noqa: PLC0415 - takes most of a second

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        print("shenqu: stopped; nothing was written", file=sys.stderr)
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
