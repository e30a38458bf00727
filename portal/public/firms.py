"""Names of firms while somebody types: from the imported register alone, never from a report."""

from __future__ import annotations

from flask import Response, jsonify, request
from limits import parse

from portal.public import counts
from portal.public.blueprint import public
from portal.subjects import register

ASKED = parse("240/10 minutes")


@public.get("/firms")
def firms() -> Response:
    """Return at most eight names of the register that hold what was typed.

    Not kept by the browser: on a telephone at the workplace nothing of what was typed shall stay.
    """
    typed = request.args.get("q", "")[: register.MOST_TYPED]
    # Beyond the limit nothing is suggested for a while; typing goes on.
    if not counts.hit(ASKED, "firms"):
        response = jsonify(names=[])
        response.status_code = 429
        return response
    return jsonify(names=[firm.name for firm in register.suggestions(typed)])
