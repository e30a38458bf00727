"""How a visitor is counted without being known: a keyed digest that means nothing tomorrow."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress

from flask import current_app, request, session
from flask_wtf.csrf import generate_csrf

from portal import clock


def network_of(address: str) -> str:
    """Return the network of an address: a factory shares one address, an IPv6 visitor has a /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def visitor_key() -> str:
    """Return a counter name for the visitor's network, different every day, never the address."""
    secret = str(current_app.secret_key).encode()
    day = clock.now().date().isoformat()
    text = f"visitor|{day}|{network_of(request.remote_addr or '')}"
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()[:24]


def session_key() -> str:
    """Return a name for this browser session, which ends with it and says nothing about it."""
    if "csrf_token" not in session:
        generate_csrf()  # begins the session
    text = f"session|{session.get('csrf_token', '')}"
    return hmac.new(str(current_app.secret_key).encode(), text.encode(), hashlib.sha256).hexdigest()[:32]
