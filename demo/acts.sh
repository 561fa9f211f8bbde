#!/bin/bash
# vm-needs: ext4 usb
# vm-timeout: 480
# Owns: the story that `make demo` tells, act by act. Runs inside the throw-away machine as a case
# of the harness: each act also says ok or not ok, so that a demonstration that lies fails.
. "$HF_REPO/tests/vm/guest/lib.sh"
. "$HF_REPO/tests/vm/cases/agent.sh"

bold=$'\033[1m' dim=$'\033[2m' red=$'\033[31m' green=$'\033[32m' plain=$'\033[0m'
refused=0 leaks=0

act() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
say() { printf '  %s\n' "$1"; }

# shown COMMAND...: prints the command as typed and what it says, indented.
shown()
{
	printf '  %s$ %s%s\n' "$dim" "$1" "$plain"
	bash -c "$1" 2>&1 | sed 's/^/    /'
	return "${PIPESTATUS[0]}"
}

# works NAME COMMAND: must succeed.
works()
{
	if shown "$2"; then
		printf '  %sallowed%s\n' "$green" "$plain"
		ok "$1"
	else
		not_ok "$1" "'$2' failed"
	fi
}

# leak NAME COMMAND: must fail, and the reason must be on record.
leak()
{
	leaks=$((leaks + 1))
	if shown "$2"; then
		not_ok "$1" "'$2' got out"
		return
	fi
	printf '  %srefused%s  ' "$red" "$plain"
	"$HF_REPO/build/holdfast" why last 2>&1 | sed '2,$s/^/           /'
	refused=$((refused + 1))
	ok "$1"
}

mount_disk ext4 /srv || exit 1
mkdir -p /srv/finance /opt/acme /media/stick
echo 'Q3: revenue 4.1 M, costs 3.2 M, Project Heron closes in May' >/srv/finance/budget.txt
echo 'Canteen menu: soup' >/srv/menu.txt
install -o root -m 755 "$(readlink -f /usr/bin/python3)" /opt/acme/report
cp /usr/bin/vim.tiny /home/alice/editor && chmod 755 /home/alice/editor
netns_peer
mount -t vfat "$(usb_part)" /media/stick
cat >/opt/acme/send.py <<'PY'
import socket, sys
early = socket.create_connection((sys.argv[2], 9000), 5) if sys.argv[3:] else None
text = open(sys.argv[1], 'rb').read()
s = early or socket.create_connection((sys.argv[2], 9000), 5)
s.sendall(text)
print('sent', len(text), 'bytes to', sys.argv[2])
PY
for peer in peer1 peer2; do
	ip netns exec $peer socat -u TCP-LISTEN:9000,fork,reuseaddr OPEN:/dev/null &
done

printf '%sHoldfast%s on Linux %s\n' "$bold" "$plain" "$(uname -r)"
agent_start "$HF_REPO/demo/policy.ini" || exit 1
say "The policy protects /srv/finance: only vim and Acme's reporting tool may open what is in it,"
say "and what they read may go to the office network (10.77.0.0/24) and nowhere else."
shown "holdfast status"

act '1. Work goes on: the editor opens, changes and saves a protected file'
works edit "vim.tiny -es -c 's/4.1/4.2/' -c 'wq' /srv/finance/budget.txt"
works office "/opt/acme/report /opt/acme/send.py /srv/finance/budget.txt 10.77.0.2"

act '2. Eight ways out, each refused'
leak 'another program' "cat /srv/finance/budget.txt"
leak 'a copy of the editor' "/home/alice/editor -es -c 'w! /tmp/x' -c 'q' /srv/finance/budget.txt; test -s /tmp/x"
leak 'USB stick' "vim.tiny -es -c 'w! /media/stick/budget.txt' -c 'q!' /srv/finance/budget.txt; test -s /media/stick/budget.txt"
leak 'another network' "/opt/acme/report /opt/acme/send.py /srv/finance/budget.txt 10.88.0.2"
leak 'a connection made before reading' "/opt/acme/report /opt/acme/send.py /srv/finance/budget.txt 10.88.0.2 early"
leak 'moved out of the folder' "mv /srv/finance/budget.txt /srv/holiday.txt && cat /srv/holiday.txt"
mv /srv/holiday.txt /srv/finance/budget.txt
leak 'saved under another name' "vim.tiny -es -c 'w! /srv/copy.txt' -c 'q!' /srv/finance/budget.txt; cat /srv/copy.txt"
leak 'the raw disk' "dd if=$(disk_dev ext4) bs=1M count=64 status=none | grep -a Heron"

act '3. Everything else is as it was'
works 'unlabelled to the stick' "cp /srv/menu.txt /media/stick/ && cat /media/stick/menu.txt"
works 'unlabelled over the network' "/opt/acme/report /opt/acme/send.py /srv/menu.txt 10.88.0.2"

act '4. What the analyst sees'
shown "holdfast events | tail -n 12"

printf '\n%s%d of %d leaks refused and recorded; protected work and unlabelled work went on.%s\n' \
	"$bold" "$refused" "$leaks" "$plain"
agent_stop
finish
