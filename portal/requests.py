"""Requests whose files neither lie readable on a disk nor cost a form its text."""

from __future__ import annotations

from typing import IO, cast

from flask import Request
from werkzeug.datastructures import FileStorage, Headers, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from portal.evidence.incoming import Incoming
from portal.evidence.vaulted import folder_of
from portal.extensions import settings
from portal.fields import Fields
from portal.multipart import Head, NotAForm, TooMuch, read_form


class StreamedForms(FormDataParser):
    """Reads forms with files as they arrive; what is no form is an empty one, as everywhere in Flask."""

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        """Return the stream, the texts and the files of a form; raises RequestEntityTooLarge."""
        if mimetype != "multipart/form-data":
            return super().parse(stream, mimetype, content_length, options)
        boundary = (options or {}).get("boundary", "").encode("ascii", "replace")
        taken: list[IO[bytes]] = []

        def taker(head: Head) -> IO[bytes]:
            kind = head.header("content-type")
            taken.append(self.stream_factory(content_length, kind, head.filename))
            return taken[-1]

        limits = {"most_bytes": self.max_form_memory_size, "most_parts": self.max_form_parts}
        try:
            form = read_form(stream.read, boundary, taker, **limits)
        except BaseException as error:
            for file in taken:
                file.close()
            if isinstance(error, TooMuch):
                raise RequestEntityTooLarge from error
            if isinstance(error, NotAForm):
                return stream, self.cls(), self.cls()
            raise
        return stream, self.cls(form.fields), self.cls([_file(head, file) for head, file in form.files])


def _file(head: Head, file: IO[bytes]) -> tuple[str, FileStorage]:
    file.seek(0)
    return head.name, FileStorage(file, head.filename, head.name, headers=Headers(head.headers))


class FormRequest(Request):
    """Flask's request, with a place of our own for the files that come with a form."""

    form_data_parser_class = StreamedForms
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
