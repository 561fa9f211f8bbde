# shellcheck shell=bash
# Owns: a case's side of tests/vm/outside.py: the way to the console, which is not in this machine, and waiting for a
# word from there. Sourced after agent.sh.

# outside_is NAME: prints what the host put on the kernel's command line as hf.NAME.
outside_is()
{
	sed -n "s/.*hf\.$1=\([^ ]*\).*/\1/p" /proc/cmdline
}

# outside_join: the console is at the computer's own address, as its certificate says.
outside_join()
{
	local port device

	port=$(outside_is port)
	# shellcheck disable=SC2034 # for the cases
	url=https://localhost:$port
	modprobe virtio_net || return 1
	wait_for 20 outside_device || return 1
	device=$(outside_device)
	ip addr add 10.0.2.15/24 dev "$device" && ip link set "$device" up || return 1
	socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" "TCP:10.0.2.2:$port" &
}

outside_device()
{
	basename /sys/bus/virtio/drivers/virtio_net/virtio*/net/[a-z]*
	ls -d /sys/bus/virtio/drivers/virtio_net/virtio*/net/[a-z]* >/dev/null
}

# outside_word: waits for the host, prints what it says.
outside_word()
{
	socat -u "TCP:10.0.2.2:$(outside_is door)" STDOUT
}

# outside_enrol [KEY]: with the token that the host left.
outside_enrol()
{
	holdfast enrol --console "$url" --ca "$HF_RUN/ca.pem" --token-file "$HF_RUN/token" --key "${1:-auto}"
}

# outside_policy PROGRAM FOLDER: prints one under which a trusted device has a key, for a vault.
outside_policy()
{
	policy_of_reader Outside 1 "$1"
	cat <<-END
		[trust]
		lease = 1h
		[vault books]
		path = $2
		label = confidential
	END
}

# key_is_here: of the one label that the case's policy needs a key for.
key_is_here()
{
	holdfast status --json | grep -Eq '"keys":\{.*"generation":[1-9]'
}

no_key_is_here()
{
	! key_is_here
}

# key_memory: where keyring has it.
key_memory()
{
	holdfast status --json | sed -n 's/.*"keys":{"memory":"\([^"]*\)".*/\1/p'
}
