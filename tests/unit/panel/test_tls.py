"""The panel's own authority: what it signs, what it may sign, and when it does so anew."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from delid.panel import make_tls, names_of

NOW = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)
NAMES = ["localhost", "127.0.0.1", "cell7.plant.example", "192.168.1.7"]


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_the_certificate_is_for_the_names_and_signed_by_an_authority_of_limited_reach(tmp_path: Path) -> None:
    tls = make_tls(tmp_path / "tls", NAMES, NOW)
    own, ca = certificate(tls.certificate), certificate(tls.authority)
    own.verify_directly_issued_by(ca)
    names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "cell7.plant.example"]
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "192.168.1.7"]
    assert own.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value == x509.ExtendedKeyUsage(
        [ExtendedKeyUsageOID.SERVER_AUTH]
    )
    limits = ca.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    permitted = [str(name.value) for name in limits.value.permitted_subtrees or ()]
    assert "cell7.plant.example" in permitted
    nets = [ipaddress.ip_network(text) for text in permitted if "/" in text]
    assert not any(ipaddress.ip_address("93.184.216.34") in net for net in nets if net.version == 4)
    assert own.not_valid_after_utc - NOW <= datetime.timedelta(days=398)
    assert {p.name: p.stat().st_mode & 0o777 for p in tls.key.parent.iterdir() if p.suffix == ".key"} == {
        "authority.key": 0o600, "panel.key": 0o600,
    }  # fmt: skip
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(tls.certificate, tls.key)


def test_it_is_made_anew_for_other_names_or_when_it_gets_old_and_the_authority_stays(tmp_path: Path) -> None:
    first = make_tls(tmp_path / "tls", NAMES, NOW)
    again = make_tls(tmp_path / "tls", NAMES, NOW + datetime.timedelta(days=300))
    assert again == first
    renamed = make_tls(tmp_path / "tls", [*NAMES, "10.0.0.3"], NOW)
    assert renamed.certificate_sha256 != first.certificate_sha256
    later = make_tls(tmp_path / "tls", [*NAMES, "10.0.0.3"], NOW + datetime.timedelta(days=380))
    assert later.certificate_sha256 != renamed.certificate_sha256
    assert {t.authority_sha256 for t in (first, again, renamed, later)} == {first.authority_sha256}


def test_a_certificate_of_another_authority_is_not_kept(tmp_path: Path) -> None:
    first, other = make_tls(tmp_path / "a", NAMES, NOW), make_tls(tmp_path / "b", NAMES, NOW)
    first.certificate.write_bytes(other.certificate.read_bytes())
    mended = make_tls(tmp_path / "a", NAMES, NOW)
    certificate(mended.certificate).verify_directly_issued_by(certificate(mended.authority))


def test_a_server_on_all_addresses_is_known_by_the_names_of_the_machine() -> None:
    assert {"localhost", "127.0.0.1", "::1"} <= set(names_of("0.0.0.0"))
    assert names_of("192.168.1.7")[0] == "192.168.1.7"
