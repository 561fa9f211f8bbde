#!/bin/bash
# Owns: a working day in minutes, with real programs and three labelled documents: editor, office
# suite, pager, mail, browser, file manager, terminal, scanner, package upgrade and build. In the
# evening those programs are labelled readers that hold a document, and nobody else.
# vm-needs: ext4
# vm-timeout: 1200
# The places have no blanks in their names, and $ is often for a later shell.
# shellcheck disable=SC2086,SC2016,SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

peer=10.77.0.2
home=/home/alice
public=$data/public
policy=/run/hf/policy.ini
readers=/run/hf/readers.json
due='less vim.tiny' # who is a reader in the evening

make_policy()
{
	cat <<-END
		[policy]
		name = A working day
		version = 1
		include = $HF_REPO/policy/apps/*.ini
		[tenant acme]
		[label finance]
		tenant = acme
		title = Finance
		path = $secret
		open-with = libreoffice, vim, less, scanner, extract
		[rule network]
		label = finance
		channel = network
		action = block
		[app scanner]
		path = /opt/scanner/perl
		forgets = yes
		[app extract]
		path = /opt/extract/perl
		[declassify totals]
		label = finance
		app = extract
		path = $public
		text = Totals go to everybody.
	END
}

# An unlabelled and a labelled document of an office suite, and two of text.
make_documents()
{
	tests/vm/cases/make_odt.py $1/doc.odt Figures
	seq 500 >$1/letter.txt
	seq 500 >$1/offer.txt
	chmod 666 $1/*
}

desk()
{
	as_user alice tmux -L day "$@"
}

# window NAME COMMAND: a terminal with a shell of its own, in which it is typed.
window()
{
	desk new-window -d -n "$1" "bash --norc"
	desk send-keys -t "day:$1" "$2" Enter
}

running()
{
	pgrep -u alice -x "$1"
}

morning()
{
	desk new-session -d -s day 'bash --norc'
	as_user alice dbus-daemon --session --fork --address=unix:path=/run/hf/alice-bus
	cron
	window browser "TERM=xterm lynx http://$peer:8000/"
	window files "TERM=xterm mc $data"
	window mail "s-nail -f $home/mbox"
	check 'the browser is open' wait_for 60 running lynx
	check 'the file manager is open' wait_for 60 running mc
	check 'the mail program is open' wait_for 60 running s-nail
}

office()
{
	as_user alice timeout 600 soffice --headless --norestore --convert-to pdf --outdir $secret \
		$secret/doc.odt >/dev/null 2>&1 </dev/null
	check 'a labelled document becomes a PDF' [ $? -eq 0 ]
	check 'the PDF is there' test -s $secret/doc.pdf
	as_user alice soffice --headless --norestore $open/doc.odt >/dev/null 2>&1 </dev/null &
	check 'another document is open in the office suite' \
		wait_for 300 test -e "$open/.~lock.doc.odt#"
}

documents()
{
	window editor "vim.tiny -u NONE -N $secret/letter.txt"
	window pager "less $secret/offer.txt"
	check 'the editor has a document' wait_for 60 running vim.tiny
	check 'the pager has a document' wait_for 60 running less
	window other "vim.tiny -u NONE -N -c ':x' $secret/offer.txt; vim.tiny -u NONE -N -c '\$s/\$/!/' -c ':x' $home/notes"
	check 'another was looked at, and a note edited after it' wait_for 60 grep -q '!' $home/notes
	as_user alice cat $secret/letter.txt >/dev/null 2>&1
	as_user alice curl -sf -T $secret/letter.txt http://$peer:8000/ >/dev/null 2>&1
	# The document is attached by a program that may not open it.
	as_user alice s-nail -n -Smta=/bin/true -a $secret/letter.txt -s x bob@example.com \
		>/dev/null 2>&1 </dev/null
	as_user alice mv $secret/offer.txt $home/offer.txt >/dev/null 2>&1 # over file systems: a copy
}

# What runs all day and looks at everything, and what hands on what is free.
services()
{
	/opt/scanner/perl -e 'for (glob "$ARGV[0]/* $ARGV[1]/*") { open F, "<", $_ or next;
			$seen++; $bad++ if grep /virus/, <F>; close F }
		open S, ">", $ARGV[2]; print S "seen\n"; close S; sleep 3600' \
		$secret $open $data/scanned >/dev/null 2>&1 </dev/null &
	check 'the scanner has seen everything' wait_for 60 grep -q seen $data/scanned
	as_user alice /opt/extract/perl -e 'open F, "<", $ARGV[0]; $sum += $_ for <F>;
		open T, ">", $ARGV[1]; print T "$sum\n"; close T' $secret/letter.txt $public/totals \
		>/dev/null 2>&1 </dev/null
	check 'the totals are for everybody' as_user alice grep -qx 125250 $public/totals
}

machine()
{
	local version

	mkdir -p /tmp/deb/DEBIAN /tmp/deb/usr/share/hf-day
	cp /etc/hostname /tmp/deb/usr/share/hf-day
	for version in 1 2; do
		printf 'Package: hf-day\nVersion: %s\nArchitecture: all\nMaintainer: nobody <n@example.org>\nDescription: small\n' \
			$version >/tmp/deb/DEBIAN/control
		dpkg-deb -b /tmp/deb /tmp/day$version.deb >/dev/null
		check "a package is installed, version $version" dpkg -i /tmp/day$version.deb
	done
	printf '#include <stdio.h>\nint main(void) { return puts("built") < 0; }\n' >$home/p.c
	printf 'all: p q\np q: p.c\n\tgcc -o $@ p.c\n' >$home/Makefile
	check 'a program is built' as_user alice make -s -j2 -C $home
	check 'and kept' as_user alice bash -ec "cd $home; git init -q r; cp p.c r; cd r; git add .
		git -c user.email=a@b -c user.name=a commit -qm one"
	window shell "while sleep 5; do make -s -C $home; done"
}

# Names of the readers, each once.
reader_names()
{
	holdfast taint --json >$readers && /usr/bin/python3 - $readers <<-'PY'
	import json, sys
	rows = [json.loads(line) for line in open(sys.argv[1]) if line.strip()]
	print(' '.join(sorted(row['name'] for row in rows)))
	PY
}

evening()
{
	local names count

	names=$(reader_names)
	count=$(wc -w <<<"$names")
	if [ "$names" = "$due" ]; then
		ok 'readers in the evening: who holds a document, and nobody else'
	else
		not_ok 'readers in the evening: who holds a document, and nobody else' \
			"'$names' and not '$due'"
		holdfast taint
	fi
	echo "# labelled readers: $count of $(pgrep -u alice -c .) processes of the person," \
		"$(ps -e --no-headers | wc -l) of the machine"
	check 'the person has a desk full' [ "$(pgrep -u alice -c .)" -ge 12 ]
	check 'the office suite is still open' running soffice.bin
}

for program in lynx mc s-nail tmux soffice; do
	if ! command -v $program >/dev/null; then
		skip 'a working day' "$program is missing"
		finish
	fi
done
places_make || { echo 'the places could not be made'; exit 1; }
mkdir -p /opt/scanner /opt/extract $public
install -m 755 /usr/bin/perl /opt/scanner/perl
install -m 755 /usr/bin/perl /opt/extract/perl
chmod 777 $public
make_documents $secret
make_documents $open
# Homes on a real file system: the root of these machines is an overlay.
cp -a /home $data/home
mount --bind $data/home /home
printf 'From a Mon Nov 30 09:00:00 2026\nFrom: a@example.com\nSubject: hello\n\nhello\n\n' >$home/mbox
echo note >$home/notes
chown -R alice: $home
netns_peer
mkdir -p /run/hf/www && echo news >/run/hf/www/index.html
in_peer peer1 /usr/bin/python3 -m http.server -d /run/hf/www 8000 >/dev/null 2>&1 &
chmod 777 /run/hf
make_policy >$policy
agent_start $policy || { echo 'the agent does not start'; exit 1; }
begun=$SECONDS
morning
office
documents
services
machine
sleep 6
evening
echo "# the day took $((SECONDS - begun)) s"
desk kill-server
agent_stop
finish
