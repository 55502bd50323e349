"""`python -m shenqu` is `shenqu`."""

from shenqu.cli import main

main()
