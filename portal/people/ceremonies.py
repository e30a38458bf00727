"""What the passkey package does for us; loaded by name (portal.people.passkeys), at the first passkey only.

With what it brings it is some 7 MB, which no process that serves only visitors should hold.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import webauthn
from webauthn.helpers import base64url_to_bytes, options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from portal.people.passkeys import Ceremonies, Made, Owner

VERIFY = UserVerificationRequirement.REQUIRED
# What the package raises at bytes that no authenticator made, besides its own errors.
_UNREADABLE = (
    WebAuthnException,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    RecursionError,
)


def ceremonies(host: str, origin: str) -> Ceremonies:
    """Return the ceremonies of the relying party ``host`` whose pages come from ``origin``."""
    return _WebAuthn(host, origin)


def _named(ids: list[bytes]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=one) for one in ids]


@dataclass(frozen=True, slots=True)
class _WebAuthn:
    host: str
    origin: str

    def ask_to_prove(self, challenge: bytes, allowed: list[bytes]) -> str:
        """Return the options of ``navigator.credentials.get`` as JSON."""
        options = webauthn.generate_authentication_options(
            rp_id=self.host,
            challenge=challenge,
            allow_credentials=_named(allowed),
            user_verification=VERIFY,
        )
        return options_to_json(options)

    def ask_to_add(self, challenge: bytes, owner: Owner, held: list[bytes]) -> str:
        """Return the options of ``navigator.credentials.create`` as JSON."""
        options = webauthn.generate_registration_options(
            rp_id=self.host,
            rp_name="Woodpecker",
            user_id=owner.handle,
            user_name=owner.username,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=VERIFY
            ),
            exclude_credentials=_named(held),
        )
        return options_to_json(options)

    def made(self, content: str, challenge: bytes) -> Made | None:
        """Return the key that a device made for this challenge; none if it cannot be checked."""
        try:
            made = webauthn.verify_registration_response(
                credential=content,
                expected_challenge=challenge,
                expected_rp_id=self.host,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except _UNREADABLE:
            return None
        return Made(made.credential_id, made.credential_public_key, made.sign_count)

    def credential_of(self, content: str) -> bytes | None:
        """Return the id of the passkey that an answer names; nothing is proved by it."""
        try:
            return base64url_to_bytes(json.loads(content)["rawId"])
        except _UNREADABLE:
            return None

    def proved(self, content: str, challenge: bytes, public_key: bytes, sign_count: int) -> int | None:
        """Return the device's new counter if this key signed this challenge, else none."""
        try:
            proved = webauthn.verify_authentication_response(
                credential=content,
                expected_challenge=challenge,
                expected_rp_id=self.host,
                expected_origin=self.origin,
                credential_public_key=public_key,
                credential_current_sign_count=sign_count,
                require_user_verification=True,
            )
        except _UNREADABLE:
            return None
        return proved.new_sign_count
