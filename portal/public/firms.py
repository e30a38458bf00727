"""Names of firms while somebody types: from the imported register alone, never from a report."""

from __future__ import annotations

from flask import Response, jsonify, request
from limits import parse
from redis.exceptions import RedisError

from portal.extensions import limiter
from portal.public.blueprint import public
from portal.subjects import register
from portal.visitor import visitor_key

ASKED = parse("240/10 minutes")
_NAME = "firms"


@public.get("/firms")
def firms() -> Response:
    """Return at most eight names of the register that hold what was typed.

    Not kept by the browser: on a telephone at the workplace nothing of what was typed shall stay.
    """
    typed = request.args.get("q", "")[: register.MOST_TYPED]
    if not _may_ask():
        response = jsonify(names=[])
        response.status_code = 429
        return response
    return jsonify(names=[firm.name for firm in register.suggestions(typed)])


def _may_ask() -> bool:
    """Count this question; beyond the limit nothing is suggested for a while, typing goes on."""
    if not limiter.enabled:
        return True
    try:
        return bool(limiter.limiter.hit(ASKED, _NAME, visitor_key()))
    except (RedisError, OSError):
        return False
