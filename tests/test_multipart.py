"""Forms with files: if these fail, something else is read than was sent, or a form fills the memory."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from werkzeug.formparser import MultiPartParser

from portal import multipart
from portal.multipart import Form, NotAForm, TooMuch, read_form

BOUNDARY = b"----a1"
# What is nearly a boundary is what a parser gets wrong.
NEARLY = st.sampled_from(
    [b"\r\n--", b"\r\n------a", b"\r", b"\n", b"--", b"----a1", b"\r\n----a1", b"\0\xff"]
)
BODY = st.lists(st.one_of(st.binary(max_size=9), NEARLY), max_size=6).map(b"".join)
NAME = st.text("abz_ é\\%;=", min_size=1, max_size=6)


def part(body: bytes, name: str = "text", filename: str | None = None, more: bytes = b"") -> bytes:
    quoted = [value.replace("\\", "\\\\").encode() for value in (name, filename or "")]
    file = b'; filename="' + quoted[1] + b'"' if filename is not None else b""
    head = b'Content-Disposition: form-data; name="' + quoted[0] + b'"' + file + more
    return b"--" + BOUNDARY + b"\r\n" + head + b"\r\n\r\n" + body + b"\r\n"


def whole(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--" + BOUNDARY + b"--\r\n"


def read(content: bytes, step: int = 0, parts: int = 200) -> Form[io.BytesIO]:
    stream = io.BytesIO(content)
    return read_form(
        lambda most: stream.read(step or most),
        BOUNDARY,
        lambda _head: io.BytesIO(),
        most_bytes=2000,
        most_parts=parts,
    )


@examples(deadline=None, max_examples=150)
@given(
    given=st.lists(st.tuples(NAME, st.none() | NAME, BODY), max_size=4),
    step=st.integers(1, 40),
    before=st.sampled_from([b"", b"\r\n", b"not ours\r\n"]),
)
def test_what_a_browser_sends_is_read_as_it_was_sent_whatever_pieces_it_comes_in(
    given: list[tuple[str, str | None, bytes]], step: int, before: bytes
) -> None:
    """The framework's own reader is the second opinion."""
    given = [(name, file, body) for name, file, body in given if b"--" + BOUNDARY not in body]
    content = before + whole(*(part(body, name, file) for name, file, body in given))
    ours = read(content, step)
    assert [(head.name, head.filename, sink.getvalue()) for head, sink in ours.files] == [
        one for one in given if one[1] is not None
    ]
    fields, files = MultiPartParser(lambda **_: io.BytesIO()).parse(
        io.BytesIO(content), BOUNDARY, len(content)
    )
    assert sorted(ours.fields) == sorted(fields.items(multi=True))
    theirs = [(file.name, file.filename, file.read()) for _, file in files.items(multi=True)]
    assert sorted((head.name, head.filename, sink.getvalue()) for head, sink in ours.files) == sorted(theirs)


def test_names_in_other_alphabets_and_other_ways_of_writing_them_are_read() -> None:
    content = whole(
        part("安全".encode(), "说明"),
        part(b"x", "files", "现场.jpg", b"\r\nContent-Type: image/jpeg"),
        part(b"\xe9", "old", more=b"\r\nContent-Type: text/plain;\r\n charset=iso-8859-1"),
        b"--" + BOUNDARY + b" \t\r\nCONTENT-DISPOSITION: form-data; name=bare; filename*=UTF-8''%E5%9B%BE.png"
        b"\r\n\r\n1\r\n",
        b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="empty"\r\n\r\n',
    )
    form = read(content)
    assert form.fields == [("说明", "安全"), ("old", "é"), ("empty", "")]
    (photo, _), (bare, _) = form.files
    assert (photo.name, photo.filename, photo.header("content-type")) == ("files", "现场.jpg", "image/jpeg")
    assert (bare.name, bare.filename) == ("bare", "图.png")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a=1&b=2",
        part(b"text"),
        whole(part(b"text"))[:-6],
        part(b"text")[:30],
        b"--" + BOUNDARY + b"\r\n\r\ntext\r\n--" + BOUNDARY + b"--",
        b"--" + BOUNDARY + b"x\r\n" + part(b"text"),
        whole(b"--" + BOUNDARY + b"\r\nContent-Disposition: form-data\r\n\r\n\r\n"),
    ],
)
def test_what_is_no_form_or_broke_off_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(NotAForm):
        read(content)


def test_the_end_of_a_line_in_a_name_begins_no_header_and_loses_no_file() -> None:
    """Otherwise one odd name costs a form its text, or a sender writes headers of his own."""
    head = multipart.head_of(b'Content-Disposition: form-data; name="files"; filename="a\nX-A: b\rc\0.jpg"')
    assert (head.name, head.filename) == ("files", "a X-A: b c .jpg")
    assert not any(sign in value for _, value in head.headers for sign in "\r\n\0")


def test_a_text_a_head_and_the_number_of_parts_have_their_limits_and_a_file_has_none() -> None:
    assert read(whole(part(bytes(2000)), part(bytes(90_000), "file", "a"))).fields[0][1] == "\0" * 2000
    for content in (
        whole(part(bytes(2001))),
        whole(part(b"", more=b"\r\nX-Long: " + bytes(90_000))),
        b"--" + BOUNDARY + b" " * 90_000,
    ):
        with pytest.raises(TooMuch):
            read(content)
    with pytest.raises(TooMuch):
        read(whole(*[part(b"")] * 4), parts=3)


def test_of_a_large_file_only_a_piece_is_held() -> None:
    """Otherwise a film that comes with a form would need its size in memory."""
    largest = 0

    class Sink:
        def write(self, piece: bytes) -> None:
            nonlocal largest
            largest = max(largest, len(piece))

    stream = io.BytesIO(whole(part(bytes(4 << 20), "file", "a")))
    read_form(stream.read, BOUNDARY, lambda _head: Sink(), most_bytes=2000, most_parts=9)
    assert 0 < largest <= 2 * multipart.PIECE_BYTES
