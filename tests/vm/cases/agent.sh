# shellcheck shell=bash
# Owns: the agent's life inside a case, and judging by its events: start and stop, refused and
# allowed, recorded and silent. Sourced after guest/lib.sh.
#
# What a labelled reader writes is labelled, and who reads that becomes a labelled reader: nothing
# that such a program prints is ever read here.

agent_log=/run/hf/agent.log
agent_events=/run/hf/agent-events
agent_windows=() # "BEGIN END NAME": a refusal was expected between these times, in milliseconds
agent_patience=${agent_patience:-600} # seconds until it enforces, emulated and beside others
agent_since=0    # events before this time belong to nobody
PATH=$HF_REPO/build:$PATH

# agent_user NAME: a user without a home, as the package makes them.
agent_user()
{
	getent passwd "$1" >/dev/null ||
		useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$1"
}

# policy_of_cases: prints it; what it includes is found from wherever it is kept.
policy_of_cases()
{
	sed 's,\.\./\.\./\.\./policy,'"$HF_REPO"'/policy,' "$HF_REPO/tests/vm/cases/policy.ini"
}

# policy_with_viewed APP...: prints it, and one label more, that those applications may only view.
policy_with_viewed()
{
	policy_of_cases
	cat <<-END

		[label viewed]
		tenant = acme
		title = For viewing
		path = $view
		open-with = $*
		view-only = yes
	END
}

# policy_of_reader NAME VERSION PROGRAM: prints the policy under which only that may open $secret.
policy_of_reader()
{
	cat <<-INI
	[policy]
	name = $1
	version = $2
	[tenant acme]
	title = Acme
	[label confidential]
	tenant = acme
	path = $secret
	open-with = reader
	[app reader]
	path = $3
	INI
}

# agent_install: for what the policy knows by its path, which others than root must not be able to change.
agent_install()
{
	agent_libexec=/usr/libexec/holdfast # as the programs are built to expect
	mkdir -p $agent_libexec
	install -m 755 -o root -g root -t $agent_libexec "$HF_REPO"/build/holdfast-{engine,sensor,keyring,uplink,survey,vault,wipe}
}

# agent_on_disk DIRECTORY: what the agent keeps lies below it, as where a machine's disk stays.
agent_on_disk()
{
	local path

	for path in /etc/holdfast /var/log/holdfast /var/lib/holdfast /var/lib/holdfast-sensor \
		/var/lib/holdfast-keyring /var/lib/holdfast-uplink /var/lib/holdfast-vault; do
		mkdir -p $path "$1$path" || return 1
		mount --bind "$1$path" $path || return 1
	done
}

# agent_start [POLICY]: returns once the kernel enforces it.
agent_start()
{
	local policy=${1:-$HF_REPO/tests/vm/cases/policy.ini} user

	for user in holdfast holdfast-sensor holdfast-keyring holdfast-uplink holdfast-verify holdfast-page \
		holdfast-scout; do
		agent_user $user
	done
	agent_policy=$policy
	agent_start_again
	if ! wait_for "$agent_patience" agent_is_enforcing; then
		echo "agent: does not enforce after $agent_patience s:"
		tail -n 20 $agent_log
		agent_stop
		return 1
	fi
	agent_since=$(now_ms)
}

# After it was killed.
agent_start_again()
{
	holdfastd --policy "$agent_policy" --libexec-dir "${agent_libexec:-$HF_REPO/build}" >>$agent_log 2>&1 &
	agent_pid=$!
}

agent_is_enforcing()
{
	kill -0 "$agent_pid" && holdfast status | grep -q 'enforcing, in the kernel'
}

agent_reload()
{
	holdfast policy reload >/dev/null 2>&1 || kill -HUP "$agent_pid"
	wait_for 20 agent_is_enforcing
}

# The machine is as before, but for what the agent remembers.
agent_leave()
{
	kill "$agent_pid" 2>/dev/null
	wait "$agent_pid" 2>/dev/null
	# It went on enforcing.
	holdfastd --release --libexec-dir "${agent_libexec:-$HF_REPO/build}" >>$agent_log 2>&1
}

agent_stop()
{
	agent_leave
	rm -rf /var/lib/holdfast /var/lib/holdfast-sensor /var/lib/holdfast-keyring \
		/var/lib/holdfast-uplink /var/lib/holdfast-login /var/lib/holdfast-verify /var/lib/holdfast-browser \
		/var/log/holdfast
}

now_ms()
{
	local now=$EPOCHREALTIME

	now=${now/[.,]/}
	echo $((now / 1000))
}

# events_dump: one event a line: VERDICT CHANNEL OPERATION PID NAME TIME-MS PATH.
events_dump()
{
	sleep 1 # the last ones are on their way
	holdfast events --json | /usr/bin/python3 "$HF_REPO/tests/vm/cases/events.py"
}

# Events of the kernel's records, as the log has them.
agent_log_count()
{
	holdfast events --json | grep -c '"verdict"'
}

# window_open; ACT; window_close NAME: an event must lie between, expect_each_recorded looks.
window_open()
{
	window_begin=$(now_ms)
}

window_close()
{
	agent_windows+=("$window_begin $(now_ms) $1")
}

windows_forget()
{
	local index

	for index in "${!agent_windows[@]}"; do
		[[ ${agent_windows[index]} != *" $1" ]] || unset "agent_windows[index]"
	done
}

# expect_refused NAME COMMAND...: it must say that it was refused, not fail for something else.
expect_refused()
{
	local name=$1 said=/run/hf/said status

	shift
	rm -f $said
	window_open
	"$@" >/dev/null 2>$said </dev/null
	status=$?
	window_close "$name"
	if [ $status -eq 0 ]; then
		windows_forget "$name"
		not_ok "$name" "'$*' worked"
	elif [ $status -eq 10 ]; then
		ok "$name" # enum road_exit
	elif grep -qiE 'operation not permitted|permission denied|not permitted|errno 1\b' $said; then
		ok "$name"
	else
		windows_forget "$name"
		not_ok "$name" "'$*' failed with $status, but of something else: $(tail -n 2 $said | tr '\n' ' ')"
	fi
}

# expect_allowed NAME COMMAND...: the positive control.
expect_allowed()
{
	local name=$1 status

	shift
	"$@" >/dev/null 2>&1 </dev/null
	status=$?
	if [ $status -eq 0 ]; then
		ok "$name"
	else
		not_ok "$name" "'$*' failed with $status"
	fi
}

# Whether an event lies in every window in which something was refused.
expect_each_recorded()
{
	local window begin end name missing=()

	events_dump | awk '$1 == "block" { print $6 }' | sort -n >$agent_events
	for window in "${agent_windows[@]}"; do
		read -r begin end name <<<"$window"
		awk -v from=$((begin - 20)) -v to=$((end + 20)) \
			'$1 >= from && $1 <= to { found = 1 } END { exit !found }' $agent_events ||
			missing+=("$name;")
	done
	if [ ${#missing[@]} -eq 0 ]; then
		ok "all ${#agent_windows[@]} refusals are recorded"
	else
		not_ok "all ${#agent_windows[@]} refusals are recorded" "no event for: ${missing[*]}"
	fi
}

# No verdict was taken since the agent started.
expect_silence()
{
	local said

	said=$(events_dump | awk -v since="$agent_since" '$6 >= since && $1 ~ /block|warn|audit/' |
		cut -c 1-160 | head -n 5 | tr '\n' ';')
	if [ -z "$said" ]; then
		ok 'nothing of it is in the log'
	else
		not_ok 'nothing of it is in the log' "$said"
	fi
}
