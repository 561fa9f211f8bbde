# shellcheck shell=bash
# Owns: a console inside a case, made and asked as an administrator would, and what a device that
# reports to it says of itself. Sourced after agent.sh; work_dir is where the console lies.
# The places have no blanks in their names.
# shellcheck disable=SC2086

work_dir=${work_dir:-/run/hf/console}
# shellcheck disable=SC2034 # for the cases
url=https://localhost:8443

words=(holdfast-console --state-dir "$work_dir/state" --runtime-dir "$work_dir/run")

# console VERB...: as its administrator.
console()
{
	"${words[@]}" "$@"
}

# The users that the package makes, in the same order in each boot: their numbers are on the disk.
console_users()
{
	local user

	for user in holdfast-store holdfast-authority holdfast-frontend; do
		agent_user "$user"
	done
	groupadd --system holdfast-console 2>/dev/null
}

console_make()
{
	console_users
	mkdir -p $work_dir/state $work_dir/run
	chmod 755 /run/hf $work_dir $work_dir/state $work_dir/run
	echo 'a passphrase of tests' >$work_dir/passphrase
	console init --name localhost --tenant Acme --passphrase-file $work_dir/passphrase \
		--policy-passphrase-file $work_dir/passphrase >$work_dir/init || return 1
	console_serve
}

console_serve()
{
	"${words[@]}" serve --listen 127.0.0.1:8443 >/dev/null 2>>$work_dir/log &
	echo $! >$work_dir/pid # this may be a subshell's last act
	wait_for 60 console status
}

console_stop()
{
	kill "$(cat $work_dir/pid)"
	# the parent last: it has the lock that the next one wants
	wait_for 60 sh -c '! pgrep -f "^holdfast-console (frontend|store|authority|.*serve)"'
}

# console_token FILE: a token for one device, in a file.
console_token()
{
	console token create --name vm | sed -n 's/^\(hfe_[a-z0-9]*\)$/\1/p' >"$1"
}

standing()
{
	holdfast status --json | grep -q "\"standing\":\"$1\""
}

# trust STATE: the engine's own word.
trust()
{
	holdfast status --json | grep -q "\"trust\":{\"state\":\"$1\""
}

device()
{
	sed -n 's/.*"device":"\([0-9a-f-]*\)".*/\1/p' /run/holdfast/uplink/console.json
}

# The console has the newest event of the log.
acknowledged()
{
	/usr/bin/python3 -c '
import json, sys
with open("/run/holdfast/uplink/console.json") as status, open("/var/log/holdfast/events.jsonl") as log:
    newest = json.loads(log.readlines()[-1])["metadata"]["sequence"]
    sys.exit(json.load(status)["acknowledged"] < newest)'
}

# recorded FACT VALUE [DEVICE]: by what the machine said of itself.
recorded()
{
	console device show "${3:-$(device)}" --json | tr -d ' ' | grep -q "\"$1\":\"$2\""
}

# accounted [KIND]: nothing is missing of what the device made, by the console's own word, and of findings there are
# those of that kind alone.
accounted()
{
	console device show "$(device)" --json | /usr/bin/python3 -c '
import json, sys
device = json.load(sys.stdin)
bad = [boot for boot in device["boots"]
       if boot["missing"] or boot["lost"] or boot["pruned"] or boot["made"] != boot["delivered"] + boot["coalesced"]]
print(device["boots"], device["findings"])
kinds = sorted({finding["kind"] for finding in device["findings"]})
sys.exit(bool(bad or kinds != sys.argv[1:] or not device["boots"]))' "$@"
}
