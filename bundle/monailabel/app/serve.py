"""Start the server, for this machine only: ``python serve.py --studies FOLDER [--port 8000] [--conf models a,b]``.

Takes the options of ``monailabel start_server``, which by itself would listen to the whole network, and let every web
page that the browser shows read what the server answers.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

from lib.background import stop_all
from monailabel.config import settings
from monailabel.main import Main

HOST = "127.0.0.1"


class LocalMain(Main):
    """MONAI Label's command line, with pages from elsewhere kept out."""

    def start_server_init_settings(self, args: Any) -> None:
        """Prepare the server, and what its background processes find in their environment."""
        super().start_server_init_settings(args)
        # Only now: MONAI Label cannot write this setting to the environment. No page comes from this address.
        settings.MONAI_LABEL_CORS_ORIGINS = [f"http://{HOST}"]


def main() -> None:
    """Start MONAI Label with this app."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # `atexit` handlers run, which a signal by itself skips
    app = str(Path(__file__).resolve().parent)
    sys.argv[1:] = ["start_server", "--app", app, "--host", HOST, *sys.argv[1:]]
    try:
        LocalMain().run()
    finally:
        stop_all()


if __name__ == "__main__":
    main()
