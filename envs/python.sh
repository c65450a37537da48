#!/bin/sh
# Print an interpreter that ScreenMM runs on: the one that is named, or the first that is found.
# 3.13 comes after 3.11 and 3.12, since PyPI has no wheel of AutoDock Vina for it.
set -u

if [ -z "${1:-}" ]; then
  set -- python3.11 python3.12 python3.13 python3
fi
found=
for each do
  # a command may be there and not run, as those of pyenv
  version=$("$each" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2> /dev/null) || continue
  case $version in
    3.11 | 3.12 | 3.13)
      if "$each" -c 'import ensurepip, venv' 2> /dev/null; then
        command -v "$each"
        exit
      fi
      found="$found, $each without venv (on Debian: apt-get install python$version-venv)" ;;
    *) found="$found, $each of version $version" ;;
  esac
done
found=${found#, }
echo "ScreenMM needs Python 3.11, 3.12 or 3.13; found: ${found:-none of $* runs}." \
  "Name one: make PYTHON=/path/to/python3.12" >&2
exit 1
