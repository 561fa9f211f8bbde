# shellcheck shell=bash
# Owns: what cases of verification have in common: the program that may open, and what is asked of it and of the
# agent. Sourced after places.sh and agent.sh.

reader=/usr/local/bin/hf-verify-reader

# verify_prepare PASSWORD: alice's; and the reader, and how passwords are asked for.
verify_prepare()
{
	install -m 755 -o root -g root /usr/bin/cat $reader
	install -m 644 packaging/holdfast-verify.pam /etc/pam.d/holdfast-verify
	echo "alice:$1" | chpasswd
}

# reads PLACE [USER]
reads()
{
	as_user "${2:-alice}" "$reader" "$1/doc.txt" >/dev/null
}

shut()
{
	! reads "$@" 2>/dev/null
}

# said COMMAND... -- WORDS: it fails with these words.
said()
{
	local words=${*: -1} output

	output=$("${@:1:$#-2}" 2>&1) && { echo "it worked: $output"; return 1; }
	grep -q -- "$words" <<<"$output" || { echo "$output"; return 1; }
}

is_ready()
{
	holdfast status --json | grep -q '"ready":true'
}
