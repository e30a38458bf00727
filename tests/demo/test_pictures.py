"""If these fail, the demonstration's pictures are missing or do not show what cleaning takes away."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base

from portal.demo import phrases, pictures
from portal.demo.stories import STORIES, Story

AT = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("kind", pictures.SCENES)
def test_a_picture_tells_where_it_was_taken(kind: str) -> None:
    image = Image.open(io.BytesIO(pictures.photograph(kind, "a", AT)))
    assert image.format == "JPEG"
    assert image.getexif()[Base.Make]
    assert image.getexif().get_ifd(IFD.GPSInfo)
    assert len(image.convert("L").getcolors(10**6) or []) > 20


def test_each_report_has_its_own_picture() -> None:
    assert pictures.photograph("stack", "a", AT) != pictures.photograph("stack", "b", AT)
    assert pictures.photograph("stack", "a", AT) == pictures.photograph("stack", "a", AT)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.key)
def test_every_story_has_a_scene(story: Story) -> None:
    assert phrases.seen(story.sector, story.situation).picture in pictures.SCENES
