"""The images' packages come by hash, also from a mirror with an authority and a login of its own."""

import base64
import hashlib
import os
import ssl
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from readmission.clock import now
from tests.conftest import ROOT
from tests.web_server import sized

USER, PASSWORD = "builder", "a-password-of-the-mirror"
REFUSED = {"uv": "THESE PACKAGES DO NOT MATCH THE HASHES", "ward": "Hash mismatch for `ward==1.0`"}
Installed = subprocess.CompletedProcess[str]


def wheel(folder: Path, name: str, version: str, files: dict[str, bytes]) -> str:
    """Writes a wheel and gives its sha256."""
    about = f"{name}-{version}.dist-info"
    files |= {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, content in files.items():
            entry = zipfile.ZipInfo(inside)
            entry.external_attr = 0o100755 << 16  # a file, which may be run
            archive.writestr(entry, content)
        archive.writestr(f"{about}/RECORD", "".join(f"{inside},,\n" for inside in [*files, f"{about}/RECORD"]))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def authority(folder: Path) -> tuple[Path, Path]:
    """The certificate of an authority, and a certificate of its with its key for 127.0.0.1."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("hospital", "mirror")]
    certificates = [
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(names[0])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=name is names[0], path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(keys[0], hashes.SHA256())
        for name, key in zip(names, keys, strict=True)
    ]
    pem = serialization.Encoding.PEM
    private = keys[1].private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "authority.pem").write_bytes(certificates[0].public_bytes(pem))
    (folder / "mirror.pem").write_bytes(certificates[1].public_bytes(pem) + private)
    return folder / "authority.pem", folder / "mirror.pem"


@dataclass
class Mirror:
    """An index of a folder of wheels, over TLS, for whoever logs in."""

    address: str
    folder: Path
    authority: Path
    locks: dict[str, str]
    refused: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    folder = tmp_path_factory.mktemp("mirror")
    uv = distribution("uv")
    program = {f"uv-{uv.version}.data/scripts/uv": Path(os.environ.get("UV", ROOT / ".venv/bin/uv")).read_bytes()}
    locks = {
        "uv": f"uv=={uv.version} --hash=sha256:{wheel(folder, 'uv', uv.version, program)}\n",
        "ward": f"ward==1.0 --hash=sha256:{wheel(folder, 'ward', '1.0', {'ward.py': b'BEDS = 12'})}\n",
    }
    trusted, own = authority(folder)
    login = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers["Authorization"] != login:
                found.refused.append(self.path)
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="mirror"')
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif self.path.startswith("/files/"):
                sized(self, (folder / self.path.removeprefix("/files/")).read_bytes())
            else:
                name = self.path.split("/")[2]
                links = "".join(
                    f'<a href="/files/{path.name}">{path.name}</a>' for path in folder.glob(f"{name}-*.whl")
                )
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(links)))
                self.end_headers()
                self.wfile.write(links.encode())

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    found = Mirror(f"https://127.0.0.1:{server.server_port}/simple/", folder, trusted, locks)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def install(mirror: Mirror, tmp_path: Path) -> Callable[..., Installed]:
    """Runs the script of the images' build stages on a lock of two packages, from the mirror."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/package_authority").write_bytes(mirror.authority.read_bytes())
    (tmp_path / "secrets/package_login").write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n", "utf-8")
    (tmp_path / "install.sh").write_bytes((ROOT / "supply/install.sh").read_bytes())

    def run(uv: str = mirror.locks["uv"], ward: str = mirror.locks["ward"], index: str = mirror.address) -> Installed:
        (tmp_path / "requirements_uv.txt").write_text(uv, encoding="utf-8")
        (tmp_path / "requirements_ward.txt").write_text(ward, encoding="utf-8")
        cleared = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1"}
        environment = cleared | {"PACKAGE_INDEX": index, "BUILD_SECRETS": str(tmp_path / "secrets")}
        command = ("sh", str(tmp_path / "install.sh"), str(tmp_path / "requirements_ward.txt"), str(tmp_path))
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    return run


def test_packages_come_from_the_mirror_with_its_authority_and_login(
    install: Callable[..., Installed], tmp_path: Path
) -> None:
    done = install()
    assert done.returncode == 0, done.stderr
    asked = (str(tmp_path / "platform/bin/python"), "-c", "import ward; print(ward.BEDS)")
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == "12\n"
    assert PASSWORD not in done.stdout + done.stderr
    kept = [path for path in (tmp_path / "platform").rglob("*") if path.is_file()]
    assert [path for path in kept if PASSWORD.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("which", ["uv", "ward"])
def test_a_package_of_another_hash_is_refused(
    install: Callable[..., Installed], mirror: Mirror, tmp_path: Path, which: str
) -> None:
    line, _, digest = mirror.locks[which].strip().rpartition(":")
    done = install(**{which: f"{line}:{digest[:-1]}{'0' if digest[-1] != '0' else '1'}\n"})
    assert done.returncode != 0
    assert REFUSED[which] in done.stderr
    assert not list(tmp_path.glob("platform/lib/*/site-packages/ward*"))


def test_a_mirror_that_nobody_vouches_for_is_refused(install: Callable[..., Installed], tmp_path: Path) -> None:
    (tmp_path / "secrets/package_authority").unlink()
    done = install()
    assert done.returncode != 0 and "certificate" in done.stderr.lower()


def test_a_login_is_asked_for(install: Callable[..., Installed], mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "secrets/package_login").write_text("", encoding="utf-8")
    mirror.refused.clear()
    assert install().returncode != 0 and mirror.refused


def test_a_password_in_the_address_is_refused(install: Callable[..., Installed]) -> None:
    done = install(index="https://user:hunter2@127.0.0.1/simple/")
    assert done.returncode == 1
    assert "PACKAGE_LOGIN" in done.stderr and "hunter2" not in done.stderr + done.stdout
