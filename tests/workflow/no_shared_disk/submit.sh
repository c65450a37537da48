#!/bin/sh
# Run a job in a new, empty folder, as on a machine that shares no disk; print the folder.
#   submit.sh JOBSCRIPT
set -eu
folder=$(mktemp -d "$JOBS_FOLDER/XXXXXXXX")
cp "$1" "$folder/jobscript"
cd "$folder"
(sh jobscript > output 2>&1 && echo success > state || echo failed > state) > /dev/null 2>&1 &
echo "$folder"
