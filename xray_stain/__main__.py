"""``python -m xray_stain COMMAND``."""

import sys

from xray_stain import main

sys.exit(main())
