# shellcheck shell=bash
# bash completion for holdfast-console(8)

_holdfast_console()
{
	local cur prev words cword
	_init_completion || return

	local verb='' sub='' i
	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		--state-dir | --runtime-dir | --config-dir) ((i++)) ;;
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
	local devices=''
	case $prev in
	--state-dir | --runtime-dir | --config-dir) _filedir -d; return ;;
	--passphrase-file | --policy-passphrase-file | --key | --verify | --ca) _filedir; return ;;
	--state) mapfile -t COMPREPLY < <(compgen -W 'pending trusted suspended revoked' -- "$cur"); return ;;
	--verdict) mapfile -t COMPREPLY < <(compgen -W 'allow audit warn block refused' -- "$cur"); return ;;
	--owner) mapfile -t COMPREPLY < <(compgen -W 'enterprise personal' -- "$cur"); return ;;
	--class)
		mapfile -t COMPREPLY < <(compgen -W 'file process log peripheral entity network config lifecycle hosting' -- "$cur")
		return
		;;
	--name | --tenant | --admin | --listen | --limits | --why | --reason | --uses | --days | --user | --file | --text | --since | --until | --limit | --group | --percent | --version | --network | --for | --generation) return ;;
	esac
	case $verb:$sub:$prev in
	device:show:* | device:approve:* | device:suspend:* | device:revoke:* | device:wipe:* | device:receipt:* | device:tag:* | device:pcr:* | *:*:--device)
		devices=$(holdfast-console device list --json 2>/dev/null |
			sed -n 's/.*"uid":"\([^"]*\)".*"host":"\([A-Za-z0-9._-]*\)".*/\1 \2/p')
		;;
	esac
	local choice=''
	case $verb:$sub in
	:) choice='init serve status device policy token rule events export findings audit report key trace seal-key beacon backup restore --state-dir --runtime-dir --config-dir --help --version' ;;
	init:*) choice='--name --tenant --admin --passphrase-file --policy-passphrase-file --ca-key --database --database-password-file --join --help' ;;
	beacon:) choice='key serve --help' ;;
	beacon:key) _filedir; return ;;
	beacon:serve) choice='--key --zone --listen --user --help' ;;
	trace:*) case $cur in -*) choice='--json --help' ;; *) _filedir; return ;; esac ;;
	serve:*) choice='--listen --limits --verbose --help' ;;
	status:*) choice='--json --help' ;;
	device:) choice='list show approve suspend revoke wipe receipt tag assign pcr --help' ;;
	device:list) choice='--state --user --json --help' ;;
	device:show) choice="$devices --json --help" ;;
	device:tag) choice=$devices ;;
	device:pcr) choice="accept $devices" ;;
	device:revoke) choice="$devices --why --wipe --help" ;;
	device:wipe) choice="$devices --files --keys --reason --yes --withdraw --help" ;;
	device:receipt) choice="$devices --verify --ca --help" ;;
	device:*) choice="$devices --why --help" ;;
	policy:) choice='check publish history show diff rollback rollout --help' ;;
	policy:check) _filedir; return ;;
	policy:publish | policy:rollback)
		case $cur in -*) ;; *) _filedir; return ;; esac
		choice='--group --percent --days --key --passphrase-file --version --why --help'
		;;
	policy:history) choice='--limit --json --help' ;;
	policy:show) choice='--json --help' ;;
	policy:rollout) choice='--percent --help' ;;
	token:) choice='create list revoke --help' ;;
	rule:) choice='add list remove --help' ;;
	rule:add) choice='--host --owner --network --fact --serials --help' ;;
	rule:list) choice='--json --help' ;;
	token:create) choice='--uses --unlimited --days --approve --owner --name --kind --audience --tenant --json --help' ;;
	token:list) choice='--json --help' ;;
	events:*) choice='--device --class --verdict --user --file --text --since --until --limit --all --follow --export --json --help' ;;
	findings:*) choice='--device --limit --json --help' ;;
	export:) choice='list check status rewind --help' ;;
	export:check) _filedir; return ;;
	export:status) choice='--json --help' ;;
	export:rewind) choice='--since --help' ;;
	key:) choice='list show rotate terms destroy receipt --help' ;;
	key:list | key:show) choice='--json --help' ;;
	key:terms) choice='--network --verified --for --help' ;;
	key:destroy) choice='--generation --force --help' ;;
	key:receipt) choice='--generation --verify --ca --help' ;;
	backup:* | restore:*) _filedir; return ;;
	esac
	[ "$prev" != --device ] || choice=$devices
	mapfile -t COMPREPLY < <(compgen -W "$choice" -- "$cur")
}
complete -F _holdfast_console holdfast-console
