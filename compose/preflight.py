"""Looks at the settings before anything starts, makes the data folder writable for Airflow, and the form known; puts a
certificate where `edge` can read it.

Runs in a bare Python image, before any of the platform's own: standard library only, and beside `connections.settings`
the place that reads the environment.
"""

import os
import re
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path

from connections import api_keys, open_to_others, setting_rules
from connections.addresses import bare, is_address, is_loopback
from connections.proxies import PROXIES, is_usable
from connections.setting_rules import PLACEHOLDER

SECRET_NAMES = re.compile(r"(?!TLS_).*(PASSWORD|SECRET|KEY|KEY_ID|USER)")
# Of these, what is no secret but a name.
NAMES = ("USER", "KEY_ID")
# Secrets travel inside URLs and JSON, where other characters would need an escape that Compose cannot write.
ALLOWED = re.compile(r"[A-Za-z0-9_.~=+-]+")
# Secrets that are somebody else's: they may be empty, where what they are for is not used.
_OF_OTHERS = ("FORM_OIDC_CLIENT_SECRET",)
# While it is rotated there are two of it.
LISTED = "AIRFLOW_FERNET_KEY"
# What the course's instructions export; good enough where only this machine can connect.
WELL_KNOWN = {"AWS_SECRET_ACCESS_KEY": "supersecret", "MINIO_ROOT_PASSWORD": "supersecret"}
DATASET = Path("/dataset")
KEYS = Path("/keys") / api_keys.FILE_NAME
GIVEN, CERTIFICATE = Path("/given"), Path("/certificate")
# The user of the images that read the keys and the certificate, and of `make keys`.
_OURS = 10001
NO_PUBLIC_HOST = (
    "warning: set PUBLIC_HOST to the name that others type, or MLflow refuses their browsers and links lead to "
    "localhost; `make up` finds this machine's name by itself"
)


def problems(values: Mapping[str, str]) -> list[str]:
    """What is wrong with the settings, one line each; a secret is never repeated."""
    others = {name: value for name, value in sorted(values.items()) if value and name not in _secrets(values)}
    wrong = {name: setting_rules.problem(name, value) for name, value in others.items()}
    found = [f"{name}: {text} (the shell's value wins over .env's)" for name, text in wrong.items() if text]
    for name, value in _secrets(values).items():
        if not value or PLACEHOLDER in value:
            found.append(f"{name} is empty or still a placeholder: run `make env` to generate the secrets in .env")
        elif not ALLOWED.fullmatch(value.replace(",", "") if name == LISTED else value):
            found.append(f"{name} may hold only letters, digits and _ . ~ = + - (the shell's value wins over .env's)")
        elif text := setting_rules.problem(name, value):
            found.append(f"{name}: {text} (the shell's value wins over .env's)")
    found += _of_the_network(values)
    found += setting_rules.answering_shadow(values)
    found += [line for line in setting_rules.missing_of_login(values) if line.startswith("FORM_OIDC_")]
    secrets = (name for name in _secrets(values) if not name.endswith(NAMES))
    return found + open_to_others.problems(values, secrets)


def warnings(values: Mapping[str, str]) -> list[str]:
    """What is accepted on this machine alone."""
    if not _on_loopback(values):
        return [] if values.get("PUBLIC_HOST", "localhost") != "localhost" else [NO_PUBLIC_HOST]
    return [
        f"warning: {name} is a well-known word; nobody outside this machine may connect" for name in _well_known(values)
    ]


def _of_the_network(values: Mapping[str, str]) -> list[str]:
    """What is wrong with the proxies that the worker is given, and with how a name is written."""
    found = [
        f"{name} names no http(s) proxy (http://name:port), which what fetches the data set could use"
        for upper in PROXIES
        for name in (upper, upper.lower())
        if values.get(name) and not is_usable(values[name])
    ]
    host = values.get("PUBLIC_HOST", "")
    if ":" in host and is_address(host):
        found.append(f"PUBLIC_HOST: {host!r} is IPv6, which Compose needs in brackets here")
    return found


def _secrets(values: Mapping[str, str]) -> dict[str, str]:
    found = {name: value for name, value in sorted(values.items()) if SECRET_NAMES.fullmatch(name)}
    return {name: value for name, value in found.items() if value or name not in _OF_OTHERS}


def _well_known(values: Mapping[str, str]) -> list[str]:
    return [name for name, word in WELL_KNOWN.items() if values.get(name) == word]


def _on_loopback(values: Mapping[str, str]) -> bool:
    return is_loopback(bare(values.get("BIND_ADDRESS", "")))


def open_to_group(folder: Path) -> list[str]:
    """Lets Airflow (uid 50000, group 0) use a folder that belongs to whoever cloned, and the files that are in it.

    Gives a warning where the file system refuses, as shared folders of virtual machines do: there everybody may write.
    """
    try:
        files = (path for path in folder.iterdir() if path.is_file() and not path.is_symlink())
        for path, rights in ((folder, 0o070), *((file, 0o060) for file in files)):
            os.chown(path, -1, 0)
            path.chmod(path.stat().st_mode | rights)
    except OSError as error:
        return [f"warning: the data folder keeps its rights ({error}); Airflow's worker must be able to write there"]
    return []


def let_the_form_in(file: Path, key: str) -> list[str]:
    """Sees to it that the prediction service knows the form's key; says what keeps it from that."""
    try:
        os.chown(file.parent, _OURS, -1)
        api_keys.put_forms(file, key)
        os.chown(file, _OURS, -1)
    except (api_keys.KeysError, OSError) as error:
        return [f"the volume api-keys: {error}; mend the file, or remove it: `make keys` makes keys anew"]
    return []


def take_certificate(given: Path, kept: Path, wanted: bool) -> list[str]:
    """Copies certificate and key where Caddy's user reads them, or takes away those of before; says what is wrong."""
    files = [(given / name, kept / name) for name in ("certificate.pem", "key.pem")]
    if not wanted:
        for _, copy in files:
            copy.unlink(missing_ok=True)
        return []
    try:
        # An encrypted key would have Python ask a person for its password.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files[0][0], files[1][0], password="")
        for source, copy in files:
            draft = copy.with_suffix(".new")
            draft.write_bytes(source.read_bytes())
            draft.chmod(0o400)
            os.chown(draft, _OURS, -1)
            draft.replace(copy)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = getattr(error, "reason", None) or type(error).__name__
        return [f"TLS_CERTIFICATE, TLS_KEY: {reason}; they take PEM: a certificate with its chain, and its plain key"]
    return []


def main() -> int:
    """Says what is wrong, and returns 1 if anything is."""
    values = dict(os.environ)
    found = problems(values)
    said = found + warnings(values)
    if not found:
        said += open_to_group(DATASET)
        found = let_the_form_in(KEYS, values["FORM_API_KEY"])
        found += take_certificate(GIVEN, CERTIFICATE, bool(values["TLS_CERTIFICATE"]))
        said += found
    sys.stderr.writelines(f"{line}\n" for line in said)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
