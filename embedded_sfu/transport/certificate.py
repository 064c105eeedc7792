"""The process's one DTLS identity, and the comparison of a peer's certificate with its SDP."""

from __future__ import annotations

import datetime
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

# RFC 8122 allows more, but a match by MD5 or SHA-1 proves nothing today. Browsers send sha-256.
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha-256": hashes.SHA256,
    "sha-384": hashes.SHA384,
    "sha-512": hashes.SHA512,
}


@dataclass(frozen=True, slots=True)
class Identity:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    fingerprint: str
    """As in a=fingerprint: "sha-256 AA:BB:…"."""


def make_identity() -> Identity:
    """A new self-signed ECDSA P-256 certificate: what every browser takes, and the cheapest."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, os.urandom(8).hex())])
    now = datetime.datetime.now(tz=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Browsers don't look at the dates; a clock that is a day off must not matter.
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    digest = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    return Identity(key, certificate, f"sha-256 {digest}")


def matches(certificate: x509.Certificate, fingerprints: Sequence[tuple[str, str]]) -> bool:
    """Whether one of the (algorithm, "AA:BB:…") of an SDP is this certificate's."""
    for algorithm, value in fingerprints:
        kind = _HASHES.get(algorithm.strip().lower())
        if kind is None:
            continue
        digest = certificate.fingerprint(kind()).hex(":")
        wanted = value.strip().lower().encode("utf-8", "replace")
        if hmac.compare_digest(digest.encode("ascii"), wanted):
            return True
    return False
