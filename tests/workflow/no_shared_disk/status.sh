#!/bin/sh
# State of a job of submit.sh: running, success or failed.
#   status.sh FOLDER
cat "$1/state" 2> /dev/null || echo running
