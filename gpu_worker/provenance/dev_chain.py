"""A development certificate chain for signing manifests: ``python -m gpu_worker.provenance.dev_chain DIR``.

Writes ``anchor.pem`` (the root to trust), ``chain.pem`` (signer, then root) and ``key.pem`` (the signer's private key,
readable by its owner alone) into DIR. The root's key is thrown away, so nothing else can ever be signed below it. The
names in the certificates say DEVELOPMENT: no public reader trusts them, and an operator replaces the three files by a
certificate from a real issuer. The extensions are those that the C2PA specification asks of a signer (14.5, "X.509
certificates").
"""

from __future__ import annotations

import datetime
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ANCHOR_FILE, CHAIN_FILE, KEY_FILE = "anchor.pem", "chain.pem", "key.pem"
_ROOT_DAYS, _SIGNER_DAYS = 3650, 825


@dataclass(frozen=True)
class ChainFiles:
    """Where the three files of a chain lie."""

    anchor: Path
    chain: Path
    key: Path


def chain_files(folder: Path) -> ChainFiles:
    """The names that :func:`make_chain` uses inside ``folder``; the files need not exist."""
    return ChainFiles(folder / ANCHOR_FILE, folder / CHAIN_FILE, folder / KEY_FILE)


def make_chain(folder: Path) -> ChainFiles:
    """Make a new development chain in ``folder`` (created with mode 700 when missing).

    Raises FileExistsError when any of the three files is there already: keys are never overwritten.
    """
    files = chain_files(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (files.anchor, files.chain, files.key):
        if path.exists():
            raise FileExistsError(path)
    root_key, signer_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _root_certificate(root_key)
    signer = _signer_certificate(signer_key.public_key(), root, root_key)
    pem = serialization.Encoding.PEM
    private = signer_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write_new(files.key, private, 0o600)
    _write_new(files.chain, signer.public_bytes(pem) + root.public_bytes(pem), 0o644)
    _write_new(files.anchor, root.public_bytes(pem), 0o644)
    return files


def _write_new(path: Path, content: bytes, mode: int) -> None:
    """Create ``path`` with its final mode from the first moment; fails when it exists."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


def _name(role: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "XX"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "PictureTalk DEVELOPMENT, not for publication"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"PictureTalk DEVELOPMENT {role}"),
        ]
    )


def _key_usage(*, sign_content: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign_content,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not sign_content,
        crl_sign=not sign_content,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(subject: str, key: ec.EllipticCurvePublicKey, issuer: x509.Name, days: int) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _root_certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return (
        _builder("Root", key.public_key(), _name("Root"), _ROOT_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(sign_content=False), critical=True)
        .sign(key, hashes.SHA256())
    )


def _signer_certificate(
    key: ec.EllipticCurvePublicKey, root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    return (
        _builder("Signer", key, root.subject, _SIGNER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(sign_content=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )


def main(arguments: list[str]) -> int:
    """Command line; 0 done, 2 the argument is at fault."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m gpu_worker.provenance.dev_chain DIR\n")
        return 2
    try:
        files = make_chain(Path(arguments[0]))
    except FileExistsError as error:
        sys.stderr.write(f"{error.args[0]} exists: keys are never overwritten\n")
        return 2
    sys.stdout.write(f"{files.anchor}\n{files.chain}\n{files.key}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
