#!/bin/sh
# Installs the packages of a lock into TARGET/platform, each by its hash, uv, which does it, first. Run in the build stage
# of an image:  install.sh REQUIREMENTS [TARGET]
# PACKAGE_INDEX is the package index, without credentials; empty: the public one. Secrets of the build, where they are given:
#   package_authority   certificates (PEM) of who vouches for the index
#   package_login       user and password for it, as a netrc file
set -eu
requirements=$1 target=${2:-/opt} secrets=${BUILD_SECRETS:-/run/secrets}

case ${PACKAGE_INDEX:-} in
*://*@*) echo "PACKAGE_INDEX has a password in it, which the image would keep: put it into the file of PACKAGE_LOGIN" >&2; exit 1 ;;
?*) export PIP_INDEX_URL="$PACKAGE_INDEX" UV_DEFAULT_INDEX="$PACKAGE_INDEX" ;;
esac
if [ -s "$secrets/package_authority" ]; then
  export PIP_CERT="$secrets/package_authority" SSL_CERT_FILE="$secrets/package_authority"
fi
if [ -s "$secrets/package_login" ]; then export NETRC="$secrets/package_login"; fi
export UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never

python3 -m venv "$target/uv"
"$target/uv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$(dirname "$0")/requirements_uv.txt"
"$target/uv/bin/uv" venv --quiet --python "$(command -v python3)" "$target/platform"
"$target/uv/bin/uv" pip install --python "$target/platform/bin/python" --require-hashes -r "$requirements"
