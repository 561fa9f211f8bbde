# shellcheck shell=bash
# bash completion for holdfast(8) and holdfast-session(1)

_holdfast()
{
	local cur prev words cword
	_init_completion || return

	local channels='open removable netshare network local-file raw-disk debug descriptor mount ipc print clipboard screen'
	local verb='' sub='' i

	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		--runtime-dir | --log-dir) ((i++)) ;;
		-*) ;;
		*)
			if [ -z "$verb" ]; then
				verb=${words[i]}
			else
				sub=${words[i]}
				break
			fi
			;;
		esac
	done
	case $prev in
	--runtime-dir | --log-dir | --directory | --modules) _filedir -d; return ;;
	--policy | --open | --app | --key | --public | --token | --output | --ca | --token-file | --from) _filedir; return ;;
	--channel | --then) mapfile -t COMPREPLY < <(compgen -W "$channels" -- "$cur"); return ;;
	--verdict) mapfile -t COMPREPLY < <(compgen -W 'allow audit warn block refused' -- "$cur"); return ;;
	--user | --as) mapfile -t COMPREPLY < <(compgen -u -- "$cur"); return ;;
	--since | --reason | --minutes | --to | --device | --console | --name | --proxy) return ;;
	esac
	local choice=''
	case $verb:$sub in
	:) choice='status doctor why justify verify events taint lineage label policy enrol ticket pam-check vault privacy compliance maintenance --help --version --runtime-dir --log-dir' ;;
	status:* | doctor:* | privacy:*) choice='--json --help' ;;
	compliance:*)
		case $prev in
		--value | --require) choice='AgentVersion AgentRuns Enforcing Reductions PolicyName PolicyVersion PolicyCurrent Console TrustState Trusted Troubles' ;;
		*) choice='--value --require --help' ;;
		esac
		;;
	why:*) choice='last --json --help' ;;
	taint:*) choice="$(ps -eo pid= 2>/dev/null) --json --help" ;;
	lineage:*) _filedir; return ;;
	justify:*) choice='--reason --minutes --help' ;;
	verify:)
		case $prev in
		--method) choice='password totp security-key page' ;;
		*) choice='status end enrol forget --method --help' ;;
		esac
		;;
	verify:enrol | verify:forget) choice='totp security-key --user' ;;
	events:*) choice='--follow --since --verdict --channel --user --json --help' ;;
	label:) choice='set show clear --help' ;;
	label:set)
		if [ "$prev" = set ]; then
			return
		fi
		_filedir
		return
		;;
	label:*) _filedir; return ;;
	policy:) choice='check explain show reload --help' ;;
	policy:check) _filedir; return ;;
	policy:explain) choice='--as --app --open --login --then --to --device --policy --help' ;;
	policy:show) choice='--json' ;;
	enrol:*) choice='--console --ca --token-file --name --proxy --key --no-wait --from --help' ;;
	ticket:*) choice='--audience --nonce --json --help' ;;
	pam-check:*) choice="$(ls /etc/pam.d 2>/dev/null) --directory --modules --help" ;;
	vault:) choice='status add unlock lock verify --json --dry-run --help' ;;
	vault:*) choice="$(holdfast vault status --json 2>/dev/null | sed -n 's/^{"vault":"\([^"]*\)".*/\1/p')" ;;
	maintenance:) choice='keygen sign begin status end --help' ;;
	maintenance:keygen) choice='--key --public' ;;
	maintenance:sign) choice='--key --device --actions --hours --output' ;;
	maintenance:begin) choice='--token --minutes' ;;
	maintenance:status) choice='--json' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$choice" -- "$cur")
}
complete -F _holdfast holdfast

_holdfast_session()
{
	local cur prev words cword
	_init_completion || return

	case $prev in
	--runtime-dir) _filedir -d ;;
	*) mapfile -t COMPREPLY < <(compgen -W '--runtime-dir --verbose --help --version' -- "$cur") ;;
	esac
}
complete -F _holdfast_session holdfast-session
