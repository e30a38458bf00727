"""`python -m portal.vault`: the vault process."""

import os
import sys

from portal.vault.process import main

if __name__ == "__main__":
    sys.exit(main(os.environ))
