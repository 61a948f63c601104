#!/usr/bin/env bash
# Times `dvc repro` of a four-stage project in which nothing has changed, five times.
# Prints one wall time in seconds a line. Needs `dvc` on PATH (run.sh sees to that).
#
# usage: dvc_noop.sh [--no-scm]      without git, where DVC has less to do
set -euo pipefail
scm="${1:-}"

data="$(cd "$(dirname "$0")/../../examples/flights/data" && pwd)"
project="$(mktemp -d)"
trap 'rm -rf "$project"' EXIT
cd "$project"

export DVC_NO_ANALYTICS=true DVC_SITE_CACHE_DIR="$project/site"
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=peer GIT_AUTHOR_EMAIL=peer@localhost
export GIT_COMMITTER_NAME=peer GIT_COMMITTER_EMAIL=peer@localhost
[ -n "$scm" ] || git init --quiet
dvc init --quiet $scm
mkdir data && cp "$data/flights.csv.gz" "$data/weather.csv.gz" data/

# The stages copy and count: what is timed is the check that they need not run.
cat > dvc.yaml <<'YAML'
stages:
  join:
    cmd: gzip -dc data/flights.csv.gz > joined.csv && gzip -dc data/weather.csv.gz >> joined.csv
    deps: [data/flights.csv.gz, data/weather.csv.gz]
    outs: [joined.csv]
  features:
    cmd: cut -d, -f9,10,13,16,17 joined.csv > features.csv
    deps: [joined.csv]
    outs: [features.csv]
  train:
    cmd: md5sum features.csv > model.txt
    deps: [features.csv]
    outs: [model.txt]
  evaluate:
    cmd: wc -l features.csv > metrics.txt
    deps: [features.csv, model.txt]
    outs: [metrics.txt]
YAML
dvc repro --quiet >/dev/null
[ -n "$scm" ] || { git add --all && git commit --quiet --message "first run"; }

for _ in 1 2 3 4 5; do
    began="$(date +%s%N)"
    dvc repro --quiet >/dev/null
    ended="$(date +%s%N)"
    awk -v ns="$((ended - began))" 'BEGIN { printf "%.3f\n", ns / 1e9 }'
done
