"""`python -m autodiff`: the command line."""

import sys

if __name__ == "__main__":
    from autodiff.cli import main

    sys.exit(main())
