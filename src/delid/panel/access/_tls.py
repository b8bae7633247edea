"""A certificate authority of the panel's own, for a network without one, and the certificate that it signs.

The authority can sign names of private networks only (name constraints, RFC 5280 4.2.1.10), so that a browser that
trusts it is not at its mercy elsewhere.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from delid.core import UsageError

CA_DAYS, CERTIFICATE_DAYS, RENEW_DAYS = 3650, 397, 30
"""Browsers refuse certificates for longer than 398 days; it is made anew in time, with the next start."""
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10",
           "::1/128")  # fmt: skip
Name = x509.DNSName | x509.IPAddress


@dataclass(frozen=True, slots=True)
class Tls:
    """Files for the server, and what people compare before they trust it."""

    certificate: Path
    key: Path
    authority: Path
    authority_sha256: str
    certificate_sha256: str


def make_tls(folder: Path, names: Sequence[str], now: datetime.datetime) -> Tls:
    """The authority and a certificate for ``names``; made where they are missing, too old or for other names.

    Raises UsageError ``usage.tls`` where the files cannot be read or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        wanted = [_name(text) for text in dict.fromkeys(names)]
        ca_key, ca = _authority(folder, wanted, now)
        certificate = _certificate(folder, ca_key, ca, wanted, now)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"The certificate for the panel cannot be made in {folder}: {error}.",
            hint="Move the folder away; a new authority is made, and browsers have to trust that one.",
            code="usage.tls",
        ) from error
    return Tls(
        folder / "panel.crt", folder / "panel.key", folder / "authority.crt", fingerprint(ca), fingerprint(certificate)
    )


def names_of(host: str) -> list[str]:
    """The names under which a server bound to ``host`` is reached from other machines."""
    name = socket.gethostname()
    names = ["localhost", "127.0.0.1", "::1", name, f"{name.split('.')[0]}.local"]
    if host not in ("0.0.0.0", "::", ""):
        return [host.strip("[]"), *names]
    try:
        found = [str(info[4][0]).split("%")[0] for info in socket.getaddrinfo(name, None)]
    except OSError:
        found = []
    return [*names, *found]


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 in pairs of hex digits, as browsers show it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _authority(
    folder: Path, wanted: Sequence[Name], now: datetime.datetime
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key_path, path = folder / "authority.key", folder / "authority.crt"
    if key_path.is_file() and path.is_file():
        ca = x509.load_pem_x509_certificate(path.read_bytes())
        if ca.not_valid_after_utc - now > datetime.timedelta(days=CERTIFICATE_DAYS):
            return _key_in(key_path), ca
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(f"delid authority of {socket.gethostname()}")
    ca = (
        _builder(subject, subject, key, now, CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(_permitted(wanted), None), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(key_path, _pem(key), 0o600)
    _write(path, ca.public_bytes(serialization.Encoding.PEM), 0o644)
    return key, ca


def _certificate(
    folder: Path, ca_key: ec.EllipticCurvePrivateKey, ca: x509.Certificate, wanted: Sequence[Name],
    now: datetime.datetime,
) -> x509.Certificate:  # fmt: skip
    path, key_path = folder / "panel.crt", folder / "panel.key"
    if path.is_file() and key_path.is_file():
        old = x509.load_pem_x509_certificate(path.read_bytes())
        if old.issuer == ca.subject and not _too_old(old, now) and _same_names(old, wanted) and _signed_by(old, ca):
            return old
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        _builder(_subject("delid panel"), ca.subject, key, now, CERTIFICATE_DAYS)
        .add_extension(x509.SubjectAlternativeName(list(wanted)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )  # fmt: skip
    _write(key_path, _pem(key), 0o600)
    _write(path, made.public_bytes(serialization.Encoding.PEM), 0o644)
    return made


def _too_old(certificate: x509.Certificate, now: datetime.datetime) -> bool:
    return certificate.not_valid_after_utc - now < datetime.timedelta(days=RENEW_DAYS)


def _same_names(certificate: x509.Certificate, wanted: Sequence[Name]) -> bool:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(found) == set(wanted)


def _signed_by(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(ca)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _permitted(wanted: Sequence[Name]) -> list[x509.GeneralName]:
    """Private networks, and the very names that are wanted."""
    names = {n.value for n in wanted if isinstance(n, x509.DNSName)} | {"localhost", "local"}
    nets: list[Any] = [ipaddress.ip_network(net) for net in PRIVATE]
    single: list[Any] = [ipaddress.ip_network(str(n.value)) for n in wanted if isinstance(n, x509.IPAddress)]
    others = [net for net in single if not any(net.version == p.version and net.subnet_of(p) for p in nets)]
    return [*(x509.DNSName(n) for n in sorted(names)), *(x509.IPAddress(net) for net in (*nets, *others))]


def _name(text: str) -> Name:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _subject(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _key_in(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path} holds another kind of key")
    return key


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and never readable by others for a moment."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    part.replace(path)
