"""`make sbom`: what each image is made of, as CycloneDX files for whoever asks what a vulnerability touches."""

import argparse
import os
import re
import sys
from pathlib import Path

import yaml
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from compose.clone import project_of
from supply import image_contents
from supply.image_contents import Contents, NotAskedError, Package

ROOT = Path(__file__).parents[1]
OUT = "var/sbom"
SCHEMA = SchemaVersion.V1_6
# The images that are built here, and the slice of the lock that each is built from.
IMAGES: dict[str, str | None] = {
    "airflow": "requirements.txt",
    "api": "app_back/requirements_api.txt",
    "bucket": "minio/requirements_minio.txt",
    "edge": None,
    "front": "app_front/requirements_app.txt",
    "mlflow": "mlflow/requirements_mlflow.txt",
}
OTHERS = "third-party"
_DEFAULT = re.compile(r"\$\{(\w+):-([^}]*)\}")


class InvalidBomError(Exception):
    """What was made is not what the schema asks for."""


def bom_of(name: str, reference: str, contents: Contents) -> Bom:
    """The bill of one image."""
    digest = contents.identity.removeprefix("sha256:")
    image = Component(
        name=f"readmission-{name}",
        type=ComponentType.CONTAINER,
        version=contents.identity or "not built",
        bom_ref=f"image:{name}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else [],
        properties=[
            Property(name="readmission:reference", value=reference),
            Property(name="readmission:source", value=contents.source),
        ],
    )
    bom = Bom(components=[_component(package, contents.distribution) for package in contents.packages])
    bom.metadata.component = image
    bom.register_dependency(image, list(bom.components))
    return bom


def _component(package: Package, distribution: str) -> Component:
    if package.kind == "deb":
        told = {"arch": package.architecture} | ({"distro": distribution} if distribution else {})
        purl = PackageURL("deb", "debian", package.name, package.version, told)
    else:
        purl = PackageURL("pypi", None, package.name, package.version)
    licenses = [LicenseFactory().make_from_string(package.license)] if package.license else []
    return Component(name=package.name, version=package.version, purl=purl, bom_ref=str(purl), licenses=licenses)


def bom_of_others(references: list[str]) -> Bom:
    """The bill of the images that others make: each by its tag and the digest that it has here."""
    platform = Component(name="readmission", type=ComponentType.APPLICATION, bom_ref="platform")
    bom = Bom(components=[_other(reference) for reference in references])
    bom.metadata.component = platform
    bom.register_dependency(platform, list(bom.components))
    return bom


def _other(reference: str) -> Component:
    tagged, _, digest = reference.partition("@")
    name, _, tag = tagged.rpartition(":")
    try:
        here = image_contents.digest(reference)
    except NotAskedError:
        here = "not here"
    told = [Property(name="readmission:digest", value=digest or here)]
    return Component(name=name, version=tag, type=ComponentType.CONTAINER, bom_ref=reference, properties=told)


def others(compose_file: Path) -> list[str]:
    """The images of the services in Docker that are not built here, as the settings of this process name them."""
    services = yaml.safe_load(compose_file.read_text(encoding="utf-8"))["services"].values()
    named = (_DEFAULT.sub(lambda found: os.environ.get(found[1]) or found[2], each["image"]) for each in services)
    return sorted({name for name in named if not name.endswith(":local")})


def written(bom: Bom, path: Path) -> Path:
    """Writes a bill that keeps to the schema.

    Raises:
        InvalidBomError: it does not.
    """
    text = make_outputter(bom, OutputFormat.JSON, SCHEMA).output_as_string(indent=2)
    if wrong := JsonStrictValidator(SCHEMA).validate_str(text):
        raise InvalidBomError(f"{path.name} is no CycloneDX {SCHEMA.to_version()}: {str(wrong)[:300]}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n", encoding="utf-8")
    return path


def sbom(root: Path, out: Path, project: str) -> list[str]:
    """Writes a file for each image, and one for those of others; gives a line for each, and for what was not asked."""
    lines = []
    for name, requirements in IMAGES.items():
        reference = f"{project}-{name}:local"
        try:
            contents, doubt = image_contents.of_image(reference), ""
        except NotAskedError as why:
            contents = image_contents.of_lock(root / requirements if requirements else None)
            doubt = f" *** NOT ASKED: {why}; from {requirements or 'nothing'} alone, without the base image"
        path = written(bom_of(name, reference, contents), out / f"{name}.cdx.json")
        lines.append(f"{path}: {len(contents.packages)} packages{doubt}")
    images = others(root / "docker-compose.yml")
    path = written(bom_of_others(images), out / f"{OTHERS}.cdx.json")
    return [*lines, f"{path}: {len(images)} images"]


def main(words: list[str] | None = None) -> int:
    """Writes the files and names them."""
    parser = argparse.ArgumentParser(prog="make sbom", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / OUT, help=f"the folder of the files; {OUT} unless given")
    asked = parser.parse_args(words)
    for line in sbom(ROOT, asked.out, project_of(ROOT, os.environ)):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
