#!/bin/bash
# Owns: the same decision taken twice: what 'holdfast policy explain' says of an act is what the
# kernel does with it, records of it and lets the written file inherit. Policies and acts are made
# up, always the same ones; another first seed may be given: verdicts.sh SEED.
# vm-needs: ext4 usb
# vm-timeout: 900
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

first_seed=${1:-1}
policies=8
live=/run/hf/live.ini
other=/run/hf/other.ini

make_documents()
{
	local directory

	for directory in amber/blue/coral blue coral dune; do
		mkdir -p "$data/$directory"
	done
	for directory in amber amber/blue amber/blue/coral blue coral dune; do
		echo "of $directory" >"$data/$directory/doc"
	done
	chmod 777 $work
	mkdir -p /opt/readers
	install -m 755 -o root -g root build/tests/hf-road /opt/readers/one
	install -m 755 -o root -g root build/tests/hf-road /opt/readers/two
}

# The stick as udev describes it, for the policies that except it.
describe_stick()
{
	HF_VENDOR=$(udevadm info -q property "$stick" | sed -n s/^ID_VENDOR_ID=//p)
	HF_PRODUCT=$(udevadm info -q property "$stick" | sed -n s/^ID_MODEL_ID=//p)
	export HF_VENDOR HF_PRODUCT
	check "the stick is $HF_VENDOR:$HF_PRODUCT" [ -n "$HF_VENDOR" ]
}

# in_force SEED: the kernel has it, not only the engine.
# shellcheck disable=SC2317 # called by wait_for
in_force()
{
	holdfast policy show | grep -q "'Verdicts $1' version $1$"
}

places_make || { echo 'the places could not be made'; exit 1; }
make_documents
netns_peer
describe_stick
echo "# seeds $first_seed to $((first_seed + policies - 1))"
for ((seed = first_seed; seed < first_seed + policies; seed++)); do
	/usr/bin/python3 tests/vm/cases/verdicts.py policy $seed >$live
	if [ $seed -eq "$first_seed" ]; then
		agent_start $live || { echo 'the agent does not start'; exit 1; }
	else
		holdfast policy reload >/dev/null
	fi
	check "policy $seed is in force" wait_for 60 in_force $seed
	/usr/bin/python3 tests/vm/cases/verdicts.py try $seed $live || hf_failures=$((hf_failures + 1))
done
/usr/bin/python3 tests/vm/cases/verdicts.py policy "$first_seed" >$other
refute 'control: of another policy than the one in force it is not so' \
	/usr/bin/python3 tests/vm/cases/verdicts.py try "$first_seed" $other
agent_stop
finish
