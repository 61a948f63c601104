#!/usr/bin/env bash
# Refrain beside pandas + scikit-learn and beside DVC, on the same work, in one go.
# Usage: benches/peers/run.sh path/to/refrain    (or: cargo xtask peers)
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
refrain="${1:?usage: run.sh path/to/refrain}"
peers="${REFRAIN_PEERS_DIR:-$HOME/.cache/refrain/peers}"
venv="$peers/venv"

if ! cmp --silent "$here/requirements.txt" "$venv/installed.txt"; then
    command -v python3 >/dev/null || { echo "python3 is missing (Debian: apt-get install -y python3 python3-venv)" >&2; exit 2; }
    echo "installing the peers into $venv" >&2
    mkdir -p "$peers"
    python3 -m venv "$venv" || { echo "python3 has no venv (Debian: apt-get install -y python3-venv)" >&2; exit 2; }
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/installed.txt"
fi

export PATH="$venv/bin:$PATH"
exec python "$here/side_by_side.py" "$refrain"
