"""Ansible Vault's envelope, formats 1.1 and 1.2: what ``ansible-vault encrypt_string`` writes.

The text is a header line and hexadecimal lines. Decoded, they are three hexadecimal fields on lines
of their own: salt, HMAC-SHA256 of the ciphertext, ciphertext. PBKDF2-HMAC-SHA256 (10,000 rounds,
80 bytes) of the password gives AES key, HMAC key and counter; AES-256-CTR, PKCS#7 padding (Ansible
community documentation, "Ansible Vault payload format").
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from ...errors import ClusterError

MARK = "$ANSIBLE_VAULT;"

_ROUNDS = 10_000
_KEY, _COUNTER = 32, 16


class VaultError(ClusterError):
    """The block is not a vault's, or the password is not its password."""


def decrypt(block: str, password: bytes) -> bytes:
    """Return what the block holds. Raises ``VaultError``."""
    salt, signature, ciphertext = _fields(block)
    key = PBKDF2HMAC(hashes.SHA256(), 2 * _KEY + _COUNTER, salt, _ROUNDS).derive(password)
    signer = hmac.HMAC(key[_KEY : 2 * _KEY], hashes.SHA256())
    signer.update(ciphertext)
    try:
        signer.verify(signature)
    except InvalidSignature:
        raise VaultError("the vault password is not the one this was encrypted with") from None
    cipher = Cipher(algorithms.AES(key[:_KEY]), modes.CTR(key[2 * _KEY :])).decryptor()
    unpadder = padding.PKCS7(algorithms.AES.block_size).unpadder()
    padded = cipher.update(ciphertext) + cipher.finalize()
    try:
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise VaultError("the vault block is damaged: its padding is wrong") from None


def _fields(block: str) -> tuple[bytes, bytes, bytes]:
    header, _, body = block.strip().partition("\n")
    kind = [part.strip() for part in header.split(";")]
    if kind[0] != MARK.rstrip(";"):
        raise VaultError(f"not a vault block: it does not start with {MARK}")
    if len(kind) < 3 or kind[1] not in ("1.1", "1.2") or kind[2] != "AES256":
        raise VaultError("only the vault formats 1.1 and 1.2 with AES256 are known")
    try:
        salt, signature, ciphertext = bytes.fromhex(body).split(b"\n")
        return tuple(
            bytes.fromhex(field.decode("ascii")) for field in (salt, signature, ciphertext)
        )  # type: ignore[return-value]
    except ValueError:
        raise VaultError("the vault block is damaged: it is not what was encrypted") from None
