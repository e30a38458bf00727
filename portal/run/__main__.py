"""`python -m portal.run`: the whole portal under one supervisor."""

import sys

from portal.run.supervisor import main

if __name__ == "__main__":
    sys.exit(main())
