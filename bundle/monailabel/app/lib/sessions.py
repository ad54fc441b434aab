"""Images that clients upload for a while, guarded."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import HTTPException
from monailabel.utils.others.generic import remove_file
from monailabel.utils.sessions import Sessions


class GuardedSessions(Sessions):
    """`Sessions` whose identifiers are no paths, and which unpack no archives."""

    def get_session(self, session_id: str, update_ts: bool = True, fetch_cache: bool = True) -> Any:
        """Find a session; None: there is none, or the identifier is not one that the server gave."""
        try:
            given = str(uuid.UUID(session_id))
        except ValueError:
            return None
        return super().get_session(session_id, update_ts, fetch_cache) if given == session_id else None

    def add_session(self, data_file: str, expiry: int = 0, uncompress: bool = False, session_id: Any = None) -> Any:
        """Begin a session.

        Raises:
            HTTPException: 400, an archive to unpack.
        """
        if uncompress:
            remove_file(data_file)
            raise HTTPException(400, "This server unpacks no archives: upload the image itself.")
        return super().add_session(data_file, expiry, False, session_id)
