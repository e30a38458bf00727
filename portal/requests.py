"""Requests whose files neither lie readable on a disk nor cost a form its text."""

from __future__ import annotations

from typing import IO, cast

from flask import Request

from portal.evidence.incoming import Incoming
from portal.evidence.vaulted import folder_of
from portal.extensions import settings
from portal.fields import Fields


class FormRequest(Request):
    """Flask's request, with a place of our own for the files that come with a form."""

    parameter_storage_class = Fields

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        limits = settings()
        return cast(IO[bytes], Incoming(folder_of(limits) / "tmp", limits.upload_free_space_floor))
