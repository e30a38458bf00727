"""Evidence in a bucket: if this fails, a restore says all is well while the pictures are gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.backup.commands import backup, restore
from tests.backup.conftest import Portal
from tests.fixtures.stores import KeptInBucket


@pytest.fixture
def in_bucket(small: Portal, kept_in_bucket: KeptInBucket, s3_url: str) -> Portal:
    """The small portal with its files in a bucket."""
    for name in small.digests:
        below = "originals/" if len(name) == 32 else ""
        kept_in_bucket.client.put_object(
            Bucket=kept_in_bucket.bucket,
            Key=f"evidence/{below}{name[:2]}/{name}",
            Body=small.place_of(name).read_bytes(),
        )
    return small.in_a_new_place(
        small.settings.data,
        EVIDENCE_S3_URL=s3_url,
        EVIDENCE_S3_BUCKET=kept_in_bucket.bucket,
        EVIDENCE_S3_PREFIX="evidence",
        EVIDENCE_S3_KEY="test-key",
        EVIDENCE_S3_SECRET="test-secret",
    )


def test_a_bucket_is_listed_and_its_files_are_opened_after_a_restore(
    in_bucket: Portal, kept_in_bucket: KeptInBucket, tmp_path: Path
) -> None:
    folder = in_bucket.takes_a_backup(tmp_path / "backups")
    assert sorted(path.name for path in folder.iterdir()) == [
        "database.sqlite",
        "erased.json",
        "evidence.list",
        "manifest.json",
    ]
    assert set((folder / "evidence.list").read_text().split()) == in_bucket.digests
    assert "look there after its own backup" in in_bucket.calls(backup, "check", folder).output
    there = in_bucket.in_a_new_place(tmp_path / "new")
    done = there.calls(restore, folder, "--keys", in_bucket.kept)
    assert done.exit_code == 0, done.output
    assert "decrypted from the bucket" in done.output
    assert "2 files of evidence are in the bucket" in done.output
    assert "opened with the vault's key" in done.output
    kept_in_bucket.store.delete(next(one for one in in_bucket.digests if len(one) == 64))
    lost = in_bucket.in_a_new_place(tmp_path / "other").calls(restore, folder, "--keys", in_bucket.kept)
    assert lost.exit_code == 1
    assert "1 of 2 files are not in the bucket" in lost.output
    short = in_bucket.calls(backup, tmp_path / "second", "--keys-kept", in_bucket.kept)
    assert short.exit_code == 1
    assert "1 files of evidence are missing" in short.output


def test_a_backup_of_a_directory_does_not_go_into_a_bucket(
    small: Portal, in_bucket: Portal, tmp_path: Path
) -> None:
    folder = small.takes_a_backup(tmp_path / "backups")
    done = in_bucket.in_a_new_place(tmp_path / "new").calls(restore, folder, "--keys", small.kept)
    assert done.exit_code == 1
    assert "but the settings say otherwise" in done.output
