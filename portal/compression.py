"""Style sheets, scripts and drawings go over the line packed: on a slow one that is seconds.

Pages are not packed: they hold what somebody typed beside a secret token, and a length can tell on both.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Response, current_app, request

PACKED = frozenset({".css", ".js", ".svg"})


def pack(response: Response) -> Response:
    """Replace a static file by its packed form for a browser that takes it."""
    if request.endpoint != "static" or response.status_code != 200:
        return response
    file = Path(current_app.static_folder or "") / str((request.view_args or {}).get("filename", ""))
    if file.suffix not in PACKED:
        return response
    response.headers["Vary"] = "Accept-Encoding"
    if request.accept_encodings["gzip"] <= 0:
        return response
    response.close()  # the file as it lies there
    response.direct_passthrough = False
    response.set_data(_packed(str(file), file.stat().st_mtime_ns))
    response.headers["Content-Encoding"] = "gzip"
    response.set_etag(f"{response.get_etag()[0]}-gzip")
    return response


@lru_cache(maxsize=128)
def _packed(path: str, _modified: int) -> bytes:
    return gzip.compress(Path(path).read_bytes(), 9, mtime=0)
