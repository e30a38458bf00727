"""If these fail, a job or a periodic task leads nowhere: notices wait, or old sessions stay."""

import inspect

import pytest

from portal.run.dotted import resolve
from portal.run.jobs import ALLOWED
from portal.run.tasks import TASKS


@pytest.mark.parametrize("path", sorted(ALLOWED.values()))
def test_every_job_exists(path: str) -> None:
    assert inspect.isfunction(resolve(path))


@pytest.mark.parametrize("path", [task.path for task in TASKS])
def test_every_task_exists_and_needs_no_argument(path: str) -> None:
    parameters = inspect.signature(resolve(path)).parameters.values()
    assert all(parameter.default is not parameter.empty for parameter in parameters)
