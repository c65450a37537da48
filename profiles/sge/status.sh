#!/usr/bin/env bash
# State of a Grid Engine job for Snakemake: running, success or failed.
#   status.sh JOB_ID
set -euo pipefail
job=$1

if qstat -j "$job" >/dev/null 2>&1; then
    state=$(qstat | awk -v job="$job" '$1 == job { print $5; exit }')
    # E: the job could not be started and waits for a person
    if [[ $state == *E* ]]; then echo failed; else echo running; fi
    exit
fi

# it has ended; accounting lags behind by some seconds
for _ in {1..6}; do
    if record=$(qacct -j "$job" 2>/dev/null); then
        awk '$1 == "failed" || $1 == "exit_status" { bad += ($2 != 0) }
             END { print bad ? "failed" : "success" }' <<<"$record"
        exit
    fi
    sleep 10
done
echo failed
