#!/usr/bin/env bash
# A real SLURM on this one machine, with two devices that look like GPUs, for `pytest -m slurm`.
#
#   sudo tests/slurm/single_node.sh start    install, configure and start it (Debian or Ubuntu, no systemd needed)
#   sudo tests/slurm/single_node.sh stop     stop it and remove its configuration
#
# slurm.conf must lie at its default place: the executor plugin drops SLURM_CONF before it submits.
set -euo pipefail

CONF=/etc/slurm
STATE=/var/spool/slurm-single-node
MARK="# Written by tests/slurm/single_node.sh"
# More than a small machine has, so that two trainings always fit side by side.
CPUS=4
MEMORY_MB=64000

die() {
    echo "single_node.sh: $*" >&2
    exit 1
}

refuse_a_real_cluster() {
    if [ -e "$CONF/slurm.conf" ] && ! grep -qF "$MARK" "$CONF/slurm.conf"; then
        die "$CONF/slurm.conf belongs to another SLURM: this machine is left as it is"
    fi
}

install_packages() {
    command -v slurmctld slurmd munged squeue >/dev/null && return
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        slurm-wlm slurmctld slurmd munge
}

configure() {
    mkdir -p "$CONF" "$STATE/controller" "$STATE/node"
    local host
    host=$(hostname -s)
    # Null devices: SLURM counts them and hands them out, and no job ever opens them.
    for number in 0 1; do
        [ -e "/dev/resolute-gpu$number" ] || mknod "/dev/resolute-gpu$number" c 1 3
    done
    cat >"$CONF/slurm.conf" <<END
$MARK
ClusterName=single
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation=$STATE/controller
SlurmdSpoolDir=$STATE/node
SlurmctldPidFile=$STATE/slurmctld.pid
SlurmdPidFile=$STATE/slurmd.pid
SlurmctldLogFile=$STATE/slurmctld.log
SlurmdLogFile=$STATE/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$STATE/completed.txt
MpiDefault=none
ReturnToService=2
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=$CPUS RealMemory=$MEMORY_MB Gres=gpu:2 State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
    echo "NodeName=$host Name=gpu File=/dev/resolute-gpu[0-1]" >"$CONF/gres.conf"
}

start() {
    refuse_a_real_cluster
    install_packages
    configure
    if ! munge --no-input >/dev/null 2>&1; then
        install -d -o munge -g munge -m 755 /run/munge
        runuser -u munge -- munged
        touch "$STATE/started-munged"
    fi
    slurmctld
    slurmd
    for _ in $(seq 30); do
        if [ "$(sinfo --noheader --format=%T 2>/dev/null)" = idle ]; then
            sinfo
            return
        fi
        sleep 1
    done
    die "the node is not idle after 30 s: see $STATE/slurmctld.log and $STATE/slurmd.log"
}

stop_daemon() {
    local pid
    [ -s "$1" ] || return 0
    pid=$(cat "$1")
    kill "$pid" 2>/dev/null || return 0
    for _ in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    die "process $pid does not stop"
}

stop() {
    refuse_a_real_cluster
    stop_daemon "$STATE/slurmd.pid"
    stop_daemon "$STATE/slurmctld.pid"
    [ ! -e "$STATE/started-munged" ] || stop_daemon /run/munge/munged.pid
    rm -rf "$STATE" "$CONF/slurm.conf" "$CONF/gres.conf" /dev/resolute-gpu[01]
}

[ "$(id -u)" = 0 ] || die "must be run as root"
case "${1:-}" in
start) start ;;
stop) stop ;;
*) die "start or stop?" ;;
esac
